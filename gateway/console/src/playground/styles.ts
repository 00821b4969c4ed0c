import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import '../styles/graphiql.css';
import '../styles/plan.css';
import '../styles/response.css';
import '../styles/narrow.css';
