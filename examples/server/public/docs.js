// The OpenAPI document of the service, where each request can be tried.
window.SwaggerUIBundle({
  url: '../api/v2/s3files/_spec',
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
});
