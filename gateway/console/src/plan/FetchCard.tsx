import type { CSSProperties } from 'react';
import { hueOf } from './colours';
import { entitiesOf, placesOf } from './entities';
import { formatOperation } from './formatOperation';
import { formatRequires } from './formatRequires';
import type { BatchFetchNode, FetchNode } from './model';

interface Props {
  fetch: FetchNode | BatchFetchNode;
  path: string[] | undefined;
}

/** One request: the subgraph in its colour, where its entities are and what names them, and what is sent. */
export function FetchCard({ fetch, path }: Props) {
  const entities = entitiesOf(fetch, path);
  const representations = formatRequires(entities.flatMap(({ requires }) => requires));
  return (
    <li className="hansa-fetch" style={{ '--hue': hueOf(fetch.serviceName) } as CSSProperties}>
      <details>
        <summary>
          <span className="hansa-fetch-subgraph">{fetch.serviceName}</span>
          <span className="hansa-fetch-kind">{fetch.kind}</span>
          {placesOf(entities).map((place) => (
            <span className="hansa-fetch-path" key={place}>
              Flatten <code>{place}</code>
            </span>
          ))}
        </summary>
        {representations && (
          <>
            <h3>Representations</h3>
            <pre className="hansa-code">{representations}</pre>
          </>
        )}
        <h3>Operation</h3>
        <pre className="hansa-code">{formatOperation(fetch.operation)}</pre>
      </details>
    </li>
  );
}
