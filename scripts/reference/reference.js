// The page reads and sends nothing but the document: nobody needs to give it a token.
// oxlint-disable-next-line typescript/no-unsafe-call -- the script before this one defines it
window.SwaggerUIBundle({
  url: '/v1/openapi.json',
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  supportedSubmitMethods: [],
  validatorUrl: null,
});
