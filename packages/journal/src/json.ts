/** A value that JSON can hold and give back unchanged. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
