export { toAnalysisTemplate } from './export/analysis-template.ts';
export type { ExportOptions } from './export/expression.ts';
export { toPrometheusRules } from './export/prometheus-rules.ts';
