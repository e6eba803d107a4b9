"use strict";

// The page about the HTTP interface. No validator: it would send the description to another host.
window.SwaggerUIBundle({ url: "/openapi.json", dom_id: "#interface", validatorUrl: null, deepLinking: true });
