/** Where operations are sent: the page's `<meta name="hansa-endpoint">`, an address relative to the page. */
export const endpoint =
  document.querySelector<HTMLMetaElement>('meta[name="hansa-endpoint"]')?.content || '/graphql';
