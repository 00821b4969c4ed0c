/** Monaco takes colours by value only: these are the page's, from `styles/colours.css`. */
interface Palette {
  base: 'vs' | 'vs-dark';
  ground: string;
  accent: string;
  text: string;
  field: string;
  keyword: string;
  string: string;
  number: string;
  variable: string;
  comment: string;
}

const light: Palette = {
  base: 'vs',
  ground: '#ffffff',
  accent: '#0d6585',
  text: '#26323d',
  field: '#0d5f7e',
  keyword: '#9c3527',
  string: '#3d6b21',
  number: '#8a5a00',
  variable: '#6a4595',
  comment: '#74808b',
};

const dark: Palette = {
  base: 'vs-dark',
  ground: '#1b2631',
  accent: '#6cc3e0',
  text: '#d5dde4',
  field: '#7cc7e2',
  keyword: '#f0917f',
  string: '#a8ce8a',
  number: '#e3bb74',
  variable: '#c6a9ec',
  comment: '#8592a0',
};

export const palettes = { 'hansa-light': light, 'hansa-dark': dark };

export const editorTheme = { light: 'hansa-light', dark: 'hansa-dark' };

export const themeData = ({ base, ...palette }: Palette) => ({
  base,
  inherit: true,
  colors: widgetColours(palette),
  rules: tokenColours(palette),
});

const tokenColours = (palette: Omit<Palette, 'base'>) =>
  Object.entries({
    'keyword.gql': palette.keyword,
    'key.identifier.gql': palette.field,
    'argument.identifier.gql': palette.variable,
    'type.identifier.gql': palette.number,
    'comment.gql': palette.comment,
    'string.gql': palette.string,
    'number.gql': palette.number,
    'string.key.json': palette.field,
    'string.value.json': palette.string,
    'number.json': palette.number,
    'keyword.json': palette.keyword,
    '': palette.text,
  }).map(([token, foreground]) => ({ token, foreground }));

const widgetColours = ({ ground, accent, text, comment }: Omit<Palette, 'base'>) => ({
  'editor.background': '#00000000',
  'editor.foreground': text,
  'editorLineNumber.foreground': comment,
  'editorLineNumber.activeForeground': text,
  'scrollbar.shadow': '#00000000',
  'editorHoverWidget.background': ground,
  'editorSuggestWidget.background': ground,
  'editorWidget.background': ground,
  'menu.background': ground,
  'quickInput.background': ground,
  'textLink.foreground': accent,
  'editorSuggestWidget.selectedBackground': `${accent}26`,
  'editorSuggestWidget.selectedForeground': text,
  'editorSuggestWidget.highlightForeground': accent,
  'editorSuggestWidget.focusHighlightForeground': accent,
  'list.hoverBackground': `${accent}1a`,
  focusBorder: accent,
  ...bracketColours(text),
});

/** One colour for brackets of every depth. */
const bracketColours = (colour: string) =>
  Object.fromEntries([1, 2, 3, 4, 5, 6].map((depth) => [`editorBracketHighlight.foreground${depth}`, colour]));
