"""What a person sees of an artifact in the UI."""

import io

from PIL import Image

from campaign_pipeline.orchestration.metadata import of_document, palette_png


def test_a_palette_is_a_picture_with_one_field_a_colour() -> None:
    picture = Image.open(io.BytesIO(palette_png(["#ff0000", "#00ff00", "#0000ff"])))

    assert picture.size == (216, 40)
    assert [picture.convert("RGB").getpixel((x, 20)) for x in (10, 100, 200)] == [
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
    ]


def test_a_document_is_shown_whole_only_where_it_is_small() -> None:
    assert "document" in of_document(b'{"a": 1}')
    assert "document" not in of_document(b'{"a": "' + b"x" * 6000 + b'"}')
