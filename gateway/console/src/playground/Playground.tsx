import './workers';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import type { Examples } from '../examples/examples';
import { fetcher } from '../graphql/fetcher';
import { PLAN_PLUGIN } from '../plan/plugin';
import { ResponseFacts } from '../response/ResponseFacts';
import { EditorFont } from './EditorFont';
import { EditorTheme } from './EditorTheme';
import { editorTheme } from './editorThemes';
import { storageFor } from './storage';
import './styles';

const PLUGINS = [PLAN_PLUGIN, HISTORY_PLUGIN];

/** Below this width, in pixels, the editors need the room that the plan would take. */
const WIDE = 1100;

export function Playground({ examples }: { examples: Examples }) {
  const open = window.innerWidth >= WIDE ? { visiblePlugin: PLAN_PLUGIN } : {};
  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storageFor(examples.name)}
      defaultTabs={examples.tabs}
      plugins={PLUGINS}
      editorTheme={editorTheme}
      inputValueDeprecation
      schemaDescription
      {...open}
    >
      <GraphiQL.Logo>
        <EditorTheme />
        <EditorFont />
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <ResponseFacts />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
