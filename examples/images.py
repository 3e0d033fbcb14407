"""Re-encode an image for a network that does not accept its type."""

from io import BytesIO

import PIL.Image

from socialcollab.content import Image, exceeded_limits
from socialcollab.directory import network
from socialcollab.images import fit_image

drawn = BytesIO()
PIL.Image.new("RGB", (1200, 900), "tomato").save(drawn, "PNG")
photo = Image.from_bytes(drawn.getvalue(), alt="A field of red tulips", name="field.png")

instagram = network("instagram")
for image in (photo, fit_image(photo, instagram)):
    print(image.name, image.media_type, image.size_bytes, "bytes")
    for finding in exceeded_limits(instagram, text="De lente is er", media=[image]):
        print(" ", finding.message)
