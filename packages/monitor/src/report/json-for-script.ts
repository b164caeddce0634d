/** JSON for a `<script type="application/json">`: `</script>` and `<!--` can't occur in it. */
export const jsonForScript = (value: unknown): string =>
  JSON.stringify(value).replace(/</g, '\\u003c').replace(/>/g, '\\u003e');
