"""Draw the videos of the demo briefs: one intro, one win and one lose clip a campaign.

Run once, by hand, when a scene changes: `.venv/bin/python briefs/make_videos.py` (extra `video`). The clips lie in the
repository, so that nobody needs an encoder to try the pipeline. One thread and bit-exact flags make equal bytes of
equal scenes.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter, ImageFont

WIDTH, HEIGHT, FPS, SECONDS = 720, 1280, 25, 4
BRIEFS = Path(__file__).parent
Color = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Look:
    """The palette and the weather of one campaign."""

    top: Color
    bottom: Color
    glow: Color
    ink: Color
    near: Color
    far: Color
    pieces: tuple[Color, ...]
    flakes: bool


SUMMER = Look(
    top=(10, 126, 164),
    bottom=(253, 214, 140),
    glow=(255, 198, 46),
    ink=(255, 255, 255),
    near=(8, 92, 122),
    far=(20, 150, 180),
    pieces=((255, 198, 46), (242, 96, 60), (255, 255, 255), (20, 150, 180)),
    flakes=False,
)
WINTER = Look(
    top=(8, 12, 24),
    bottom=(60, 84, 140),
    glow=(233, 196, 106),
    ink=(255, 255, 255),
    near=(230, 236, 248),
    far=(150, 170, 214),
    pieces=((255, 255, 255), (233, 196, 106), (170, 190, 230)),
    flakes=True,
)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One clip: what it says, and whether it invites, celebrates or consoles."""

    path: str
    look: Look
    lines: tuple[str, ...]
    small: str
    mood: str
    button: str = ""


CLIPS = (
    Clip(
        path="demo/summer-spin/intro.mp4",
        look=SUMMER,
        lines=("SUMMER", "SPIN"),
        small="One spin. One chance.",
        mood="intro",
        button="SPIN TO WIN",
    ),
    Clip(
        path="demo/summer-spin/win.mp4",
        look=SUMMER,
        lines=("YOU", "WON!"),
        small="Your summer starts now.",
        mood="win",
    ),
    Clip(
        path="demo/summer-spin/lose.mp4",
        look=SUMMER,
        lines=("SO", "CLOSE"),
        small="The sun comes back tomorrow.",
        mood="lose",
    ),
    Clip(
        path="acme/winter-wheel/intro.mp4",
        look=WINTER,
        lines=("WINTER", "WHEEL"),
        small="A gift may be waiting.",
        mood="intro",
        button="TURN THE WHEEL",
    ),
    Clip(
        path="acme/winter-wheel/win.mp4",
        look=WINTER,
        lines=("A GIFT", "FOR YOU"),
        small="Warm wishes, and a prize.",
        mood="win",
    ),
    Clip(
        path="acme/winter-wheel/lose.mp4",
        look=WINTER,
        lines=("NEXT", "TIME"),
        small="Thank you for playing.",
        mood="lose",
    ),
)


def gradient(top: Color, bottom: Color) -> Image.Image:
    """Fill the frame from one colour at the top to another at the bottom."""
    strip = Image.new("RGB", (1, HEIGHT))
    for y in range(HEIGHT):
        share = y / (HEIGHT - 1)
        strip.putpixel((0, y), tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True)))
    return strip.resize((WIDTH, HEIGHT))


def ease_out(share: float) -> float:
    """Rise fast, settle slowly; 0 to 1 in, 0 to 1 out."""
    return 1 - (1 - min(max(share, 0), 1)) ** 3


def draw_light(frame: Image.Image, clip: Clip, time_s: float) -> None:
    """Lay turning rays and a soft sun behind the words; a consoling clip has the light low and still."""
    layer = Image.new("RGBA", frame.size)
    pen = ImageDraw.Draw(layer)
    x, y = WIDTH / 2, HEIGHT * (0.62 if clip.mood == "lose" else 0.4)
    strength = 34 if clip.mood == "lose" else 70
    for ray in range(14):
        angle = ray * math.tau / 14 + time_s * (0.05 if clip.mood == "lose" else 0.18)
        reach, half = 1300, 0.11
        ends = [
            (x + reach * math.cos(angle + side), y + reach * math.sin(angle + side)) for side in (-half, half)
        ]
        pen.polygon([(x, y), *ends], fill=(*clip.look.glow, strength))
    for radius, alpha in ((330, 60), (270, 110), (215, 235)):
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*clip.look.glow, alpha))
    frame.paste(layer, mask=layer)


def draw_ground(frame: Image.Image, clip: Clip, time_s: float) -> None:
    """Roll two waves, or two hills of snow, along the lower edge."""
    pen = ImageDraw.Draw(frame)
    speed = 0.0 if clip.look.flakes else 1.1
    for depth, (color, level, swing) in enumerate(((clip.look.far, 0.86, 26), (clip.look.near, 0.915, 20))):
        crest = [
            (x, HEIGHT * level + swing * math.sin(x / 120 + depth * 2 + time_s * speed * (1 + depth)))
            for x in range(-10, WIDTH + 20, 10)
        ]
        pen.polygon([*crest, (WIDTH + 10, HEIGHT), (-10, HEIGHT)], fill=color)


def draw_pieces(frame: Image.Image, clip: Clip, time_s: float) -> None:
    """Let confetti or snow fall; every piece returns to where it started when the clip ends."""
    if clip.mood == "lose" and not clip.look.flakes:
        return
    pen, dice = ImageDraw.Draw(frame), random.Random(7)  # noqa: S311  scenery, not secrets
    for _ in range(110 if clip.mood == "win" else 46):
        x, y, size = dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(5, 12)
        color, sway, laps = dice.choice(clip.look.pieces), dice.uniform(8, 30), dice.choice((1, 1, 2))
        y = (y + laps * HEIGHT * time_s / SECONDS) % HEIGHT
        x += sway * math.sin(time_s * math.tau / SECONDS * 2 + size)
        if clip.look.flakes:
            pen.ellipse((x - size / 2, y - size / 2, x + size / 2, y + size / 2), fill=color)
        elif clip.mood == "win":
            tilt = abs(math.sin(time_s * 3 + size))
            pen.rectangle((x - size, y - size * tilt, x + size, y + size * tilt), fill=color)


def draw_words(frame: Image.Image, clip: Clip, time_s: float) -> None:
    """Set the title over the light, each line sliding in after the one before."""
    shade = Image.new("RGBA", frame.size)
    words = Image.new("RGBA", frame.size)
    for number, line in enumerate(clip.lines):
        size = 150 if max(map(len, clip.lines)) <= 6 else 124  # noqa: PLR2004  seven letters fill the frame
        font = ImageFont.load_default(size)
        y = HEIGHT * 0.335 + number * size * 1.02 + 60 * (1 - ease_out((time_s - 0.15 * number) / 0.7))
        alpha = round(255 * ease_out((time_s - 0.15 * number) / 0.5))
        for layer, offset, color in ((shade, 8, (0, 0, 0)), (words, 0, clip.look.ink)):
            ImageDraw.Draw(layer).text(
                (WIDTH / 2, y + offset),
                line,
                font=font,
                anchor="mm",
                fill=(*color, alpha),
                stroke_width=3,
                stroke_fill=(*color, alpha),
            )
    font = ImageFont.load_default(40)
    alpha = round(255 * ease_out((time_s - 0.7) / 0.6))
    place = (WIDTH / 2, HEIGHT * 0.565)
    ImageDraw.Draw(shade).text(
        (place[0], place[1] + 3), clip.small, font=font, anchor="mm", fill=(0, 0, 0, alpha)
    )
    ImageDraw.Draw(words).text(place, clip.small, font=font, anchor="mm", fill=(*clip.look.ink, alpha))
    shade = shade.filter(ImageFilter.GaussianBlur(9))
    frame.paste(shade, mask=shade.getchannel("A").point(lambda a: a * 150 // 255))
    frame.paste(words, mask=words)


def draw_button(frame: Image.Image, clip: Clip, time_s: float) -> None:
    """Draw the button where the brief's default bounds have it: 0.3, 0.75, 0.4 wide, 0.12 high."""
    if not clip.button:
        return
    pulse = 1 + 0.02 * math.sin(time_s * math.tau)
    half_w, half_h = WIDTH * 0.2 * pulse, HEIGHT * 0.05 * pulse
    x, y = WIDTH * 0.5, HEIGHT * 0.81
    layer = Image.new("RGBA", frame.size)
    pen = ImageDraw.Draw(layer)
    box = (x - half_w, y - half_h, x + half_w, y + half_h)
    pen.rounded_rectangle((box[0], box[1] + 8, box[2], box[3] + 8), radius=56, fill=(0, 0, 0, 90))
    pen.rounded_rectangle(box, radius=56, fill=(*clip.look.glow, 255))
    pen.text(
        (x, y),
        clip.button,
        font=ImageFont.load_default(28),
        anchor="mm",
        fill=(24, 20, 8, 255),
        stroke_width=1,
        stroke_fill=(24, 20, 8, 255),
    )
    frame.paste(layer, mask=layer)


def frames(clip: Clip) -> Iterator[Image.Image]:
    """Draw a clip frame by frame, as RGB of WIDTH × HEIGHT."""
    top, bottom = clip.look.top, clip.look.bottom
    if clip.mood == "lose":
        top, bottom = (tuple(round(part * 0.72) for part in color) for color in (top, bottom))  # type: ignore[assignment]  # tuples of three stay tuples of three
    sky = gradient(top, bottom)
    layers: tuple[Callable[[Image.Image, Clip, float], None], ...] = (
        draw_light,
        draw_ground,
        draw_pieces,
        draw_words,
        draw_button,
    )
    for number in range(FPS * SECONDS):
        frame = sky.copy()
        for draw in layers:
            draw(frame, clip, number / FPS)
        yield frame


def encode(clip: Clip) -> None:
    """Write a clip as H.264 that starts before it is whole, so that a page can play it while it loads."""
    path = BRIEFS / clip.path
    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"crf": "27", "preset": "veryslow", "flags": "+bitexact"}
        for frame in frames(clip):
            container.mux(stream.encode(av.VideoFrame.from_image(frame)))
        container.mux(stream.encode(None))
    print(f"{clip.path}: {path.stat().st_size:,} bytes")  # noqa: T201  a script talks to whoever runs it


if __name__ == "__main__":
    for wanted in CLIPS:
        encode(wanted)
