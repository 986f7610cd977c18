"""Setting text: fonts, direction, lines, colour on a ground."""
