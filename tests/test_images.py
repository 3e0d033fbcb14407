"""Images are resized and re-encoded to the limits of networks."""

from __future__ import annotations

import random
from io import BytesIO

import attrs
import PIL.Image
import pytest

from socialcollab.content import Image, Video, exceeded_limits
from socialcollab.directory import NetworkDescription, Profile, network
from socialcollab.errors import InvalidValueError
from socialcollab.images import fit_image, fit_media


def picture(
    media_type: str = "image/png",
    size: tuple[int, int] = (64, 48),
    *,
    noise: bool = False,
    **options,
) -> Image:
    """Return an image; *noise* makes its encoding large."""
    mode = options.pop("mode", "RGB")
    drawn = PIL.Image.new(mode, size, options.pop("colour", 0))
    if noise:
        data = random.Random(1).randbytes(size[0] * size[1] * len(mode))
        drawn = PIL.Image.frombytes(mode, size, data)
    written = BytesIO()
    drawn.save(written, media_type.removeprefix("image/").upper(), **options)
    return Image.from_bytes(written.getvalue(), alt="een tulp", name="tulp.png")


def limited(image_bytes: int | None, *types: str) -> NetworkDescription:
    known = network("x")
    media = attrs.evolve(known.media, image_bytes=image_bytes, types=types, gif_bytes=None)
    return attrs.evolve(known, media=media)


def decoded(image: Image) -> PIL.Image.Image:
    assert image.data is not None
    return PIL.Image.open(BytesIO(image.data))


def test_image_within_limits() -> None:
    """An image within the limits stays as it is, byte by byte."""
    image = picture()
    assert fit_image(image, "x") is image


def test_other_type() -> None:
    """Instagram accepts only JPEG; the alt text and the focus stay, and transparency turns white."""
    image = attrs.evolve(picture(mode="RGBA", colour=(255, 0, 0, 0)), focus=(0.5, 0.5))
    fitted = fit_image(image, "instagram")
    assert (fitted.media_type, fitted.name) == ("image/jpeg", "tulp.jpg")
    assert (fitted.alt, fitted.focus) == ("een tulp", (0.5, 0.5))
    assert fitted.data is not None
    assert fitted.size_bytes == len(fitted.data)
    assert decoded(fitted).getpixel((0, 0)) == (255, 255, 255)
    assert exceeded_limits(network("instagram"), text="", media=[fitted]) == ()


def test_transparency_is_kept() -> None:
    """A transparent image stays a PNG image if the network accepts PNG."""
    image = picture(size=(200, 200), mode="RGBA", noise=True)
    fitted = fit_image(image, limited(image.size_bytes // 2, "image/png", "image/jpeg"))
    assert fitted.media_type == "image/png"
    assert decoded(fitted).mode == "RGBA"
    assert fitted.size_bytes <= image.size_bytes // 2


@pytest.mark.parametrize("share", [2, 5, 10])
def test_size(share: int) -> None:
    """The final bytes fit, although a first encoding can be larger than the original image."""
    image = picture("image/jpeg", (200, 150), noise=True, quality=30)
    inflated = BytesIO()
    decoded(image).save(inflated, "JPEG", quality=90)
    assert len(inflated.getvalue()) > image.size_bytes
    fitted = fit_image(image, limited(image.size_bytes // share, "image/jpeg"))
    assert fitted.size_bytes <= image.size_bytes // share
    width, height = decoded(fitted).size
    assert abs(width / height - 200 / 150) < 0.05


def test_impossible_size() -> None:
    """An image that cannot be made small enough is refused."""
    with pytest.raises(InvalidValueError, match="cannot be made smaller than 100 bytes"):
        fit_image(picture(noise=True), limited(100, "image/jpeg"))


def test_metadata() -> None:
    """The new image is upright, and does not tell where it was taken."""
    drawn = PIL.Image.new("RGB", (40, 20))
    exif = drawn.getexif()
    exif[0x0112], exif[0x010E] = 6, "Keukenhof"
    image = picture("image/jpeg", (40, 20), exif=exif, comment=b"Keukenhof")
    assert image.data is not None
    assert b"Keukenhof" in image.data
    fitted = fit_image(image, limited(None, "image/webp"))
    assert fitted.data is not None
    assert b"Keukenhof" not in fitted.data
    assert decoded(fitted).size == (20, 40)
    assert not decoded(fitted).getexif()


def test_animation() -> None:
    """An animation is not reduced to its first frame."""
    frames = [PIL.Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    written = BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    image = Image.from_bytes(written.getvalue())
    assert fit_image(image, "mastodon") is image
    with pytest.raises(InvalidValueError, match="is animated"):
        fit_image(image, "instagram")


@pytest.mark.integration
def test_unreadable_images() -> None:
    """An image without bytes, a damaged image and a huge image are refused with one error."""
    damaged = Image.from_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40), name="tulp.png")
    with pytest.raises(InvalidValueError, match=r"`tulp\.png` is damaged"):
        fit_image(damaged, "instagram")
    with pytest.raises(InvalidValueError, match="has no bytes"):
        fit_image(attrs.evolve(picture(), data=None), "instagram")
    for size in ((9000, 8900), (10_000, 9500), (20_000, 10_000)):
        huge = picture(size=size, mode="1")
        with pytest.raises(InvalidValueError, match="too many pixels"):
            fit_image(huge, "instagram")
    truncated = picture(noise=True, size=(200, 200))
    assert truncated.data is not None
    cut = Image.from_bytes(truncated.data[:5000])
    with pytest.raises(InvalidValueError, match="is damaged"):
        fit_image(cut, "instagram")


def test_variants() -> None:
    """Only profiles whose network needs other images get a variant; videos stay as they are."""
    video = Video(digest="sha256:" + "1" * 64)
    image = picture()
    profiles = [
        Profile(id=f"tulip-{name}", workspace="tulip", network=name)
        for name in ("x", "instagram", "elsewhere")
    ]
    (variant,) = fit_media([image, video], profiles)
    assert variant.profile == "tulip-instagram"
    assert variant.text is None
    assert variant.media is not None
    assert [one.media_type for one in variant.media] == ["image/jpeg", "video/mp4"]
    own = fit_media([image], profiles, descriptions={"elsewhere": limited(None, "image/webp")})
    assert [each.profile for each in own] == ["tulip-instagram", "tulip-elsewhere"]


def test_wrong_arguments() -> None:
    """A single image instead of a list, and the id of a profile, are refused."""
    with pytest.raises(InvalidValueError, match="is not a list of images and videos"):
        fit_media(picture(), [])  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="`tulip-x` is not a profile; pass"):
        fit_media([picture()], ["tulip-x"])  # type: ignore[list-item]


def test_several_pictures() -> None:
    """A JPEG file with several pictures, as many phones write, shows its first picture."""
    first, second = (PIL.Image.new("RGB", (64, 48), colour) for colour in ("red", "blue"))
    written = BytesIO()
    first.save(written, "MPO", save_all=True, append_images=[second])
    fitted = fit_image(Image.from_bytes(written.getvalue()), limited(1_000, "image/jpeg"))
    red, _, blue = decoded(fitted).convert("RGB").getpixel((5, 5))
    assert (red > 200, blue < 50) == (True, True)


@pytest.mark.parametrize("size", [1, 500, 70_000])
def test_colours(size: int) -> None:
    """The colour profile is kept, unless it is too large to be real."""
    image = picture(mode="RGB", icc_profile=bytes(size))
    kept = decoded(fit_image(image, "instagram")).info.get("icc_profile", b"")
    assert kept == (bytes(size) if size < 70_000 else b"")


def test_sixteen_bits() -> None:
    """The shades of an image with 16 bits for each pixel are kept."""
    image = picture(mode="I;16", colour=0x4000)
    assert decoded(fit_image(image, "instagram")).convert("L").getpixel((5, 5)) in range(62, 67)
