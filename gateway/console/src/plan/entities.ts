import type { BatchFetchNode, EntityFetch, FetchNode } from './model';

/** What a request asks entities for; `path` is that of the Flatten around it. Nothing for a fetch at the root. */
export function entitiesOf(fetch: FetchNode | BatchFetchNode, path: string[] | undefined): EntityFetch[] {
  if (fetch.kind === 'BatchFetch') return fetch.entityBatch.aliases;
  return path ? [{ paths: [path], requires: fetch.requires ?? [] }] : [];
}

/** Every place once, as `me.reservations.@` or `node|[User]`. */
export const placesOf = (entities: EntityFetch[]) => [
  ...new Set(entities.flatMap(({ paths }) => paths.map((path) => path.join('.').replaceAll('.|', '|')))),
];
