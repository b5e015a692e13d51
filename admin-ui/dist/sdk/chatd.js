// src/sdk/index.ts
var e = 1;
export { e as version };
