"""What a request may ask for: of the text before parsing, of the document before it is validated and planned."""
