import type { GraphiQLPlugin } from '@graphiql/react';
import { PlanIcon } from './PlanIcon';
import { PlanPanel } from './PlanPanel';

export const PLAN_PLUGIN: GraphiQLPlugin = { title: 'Query Plan', icon: PlanIcon, content: PlanPanel };
