import type { Example } from './examples';
import myPayments from './MyPayments.graphql?raw';
import myReservations from './MyReservations.graphql?raw';
import reserveStock from './ReserveStock.graphql?raw';
import searchProducts from './SearchProducts.graphql?raw';
import topUpWallet from './TopUpWallet.graphql?raw';

/** Operations over Hansa's own subgraphs, each with variables that work on the demo data. */
export const platformExamples = (): Example[] => [
  { query: myReservations },
  { query: searchProducts, variables: json({ search: 'rope', first: 10 }) },
  {
    query: reserveStock,
    variables: json({ input: { sku: 'BRD-ROPE-30', quantity: 2 }, idempotencyKey: freshKey() }),
  },
  { query: myPayments },
  { query: topUpWallet, variables: json({ amount: 5000, idempotencyKey: freshKey() }) },
];

const json = (value: object) => JSON.stringify(value, null, 2);

/** `crypto.randomUUID` needs https; this works on any origin. */
const freshKey = () => crypto.getRandomValues(new BigUint64Array(2)).reduce((key, part) => key + part.toString(36), '');
