// The REST API's operations, as this server's own openapi.yaml describes them.

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const shade = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", shade);
shade();

SwaggerUI({
  dom_id: "#docs",
  url: new URL("openapi.yaml", location.href).href,
  deepLinking: true,
  docExpansion: "list",
  filter: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  // Nothing from elsewhere: no validator's badge, no other document that the address names.
  validatorUrl: null,
  queryConfigEnabled: false,
});
