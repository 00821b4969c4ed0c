/** Nothing that can be shown as a GraphQL response came back; the message says why, for the reader. */
export class NoAnswer extends Error {
  override name = 'NoAnswer';
}
