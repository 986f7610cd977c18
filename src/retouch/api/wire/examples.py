"""Values that the description shows."""

from __future__ import annotations

TASK_ID = "^task_[0-9A-HJKMNP-TV-Z]{26}$"
EXAMPLE_ID = "task_01KAP3QW8ZJ4V5N6C7X9B2D1EF"
STARRY = "Change the background to a starry sky, keep the main subject"
PICTURE = "https://example.com/original.png"
# One grey pixel.
PIXEL = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
