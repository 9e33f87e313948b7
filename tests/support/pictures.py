"""Pictures for tests: a drawn portrait, whose person exists nowhere."""

from io import BytesIO

from PIL import Image, ImageDraw


def portrait(ground: str = "#9db8d2", kind: str = "JPEG", size: tuple[int, int] = (600, 800)) -> bytes:
    """A head and shoulders before a ground of that colour; three to four is the shape of a document's photo."""
    wide, high = size
    made = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(made)
    pen.ellipse((wide * 0.08, high * 0.7, wide * 0.92, high * 1.4), fill="#26384d")
    pen.rectangle((wide * 0.42, high * 0.55, wide * 0.58, high * 0.75), fill="#dba983")
    pen.ellipse((wide * 0.26, high * 0.12, wide * 0.74, high * 0.66), fill="#e9bd98")
    pen.pieslice((wide * 0.23, high * 0.08, wide * 0.77, high * 0.58), 180, 360, fill="#241c18")
    for left in (0.38, 0.58):
        pen.ellipse((wide * left, high * 0.37, wide * (left + 0.05), high * 0.4), fill="#241c18")
    pen.arc((wide * 0.4, high * 0.44, wide * 0.6, high * 0.56), 20, 160, fill="#8c3b32", width=max(2, wide // 60))
    out = BytesIO()
    made.save(out, kind)
    return out.getvalue()
