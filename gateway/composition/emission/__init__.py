"""From the merged model to SDL: the supergraph's and the API schema's."""
