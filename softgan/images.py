"""Images from a Python program in the form in which systems take them."""

from typing import Any

import numpy as np
from PIL import Image, ImageOps

from framework.errors import UsageError
from framework.utils import float_array

FORMS = "use uint8, or floats in [-1, 1], of shape [N, H, W, 3] or [H, W, 3]"


def fitted(images: Any, size: int) -> np.ndarray:
    """Returns images as float32 [N, size, size, 3] in [-1, 1].

    Args:
        images: uint8, or floats in [-1, 1], [N, H, W, C] or [H, W, C]; C is 3, or 1 for grey.
        size: height and width of the results. Other images are cropped to their middle square and
            resized.

    Raises:
        UsageError: the images have another form.
    """
    try:
        array = np.asarray(images)
    except ValueError as error:  # a list of images of several sizes
        raise UsageError(f"images of several sizes: {FORMS}") from error
    array = array[None] if array.ndim == 3 else array
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or not array.size:
        raise UsageError(f"images of shape {list(np.shape(images))}: {FORMS}")
    if array.dtype.kind == "f":
        array = array.astype(np.float32)
        if not (np.abs(array) <= 1).all():
            raise UsageError(f"floats from {array.min():g} to {array.max():g}: {FORMS}")
    elif array.dtype != np.uint8:
        raise UsageError(f"images of {array.dtype}: {FORMS}")
    if array.shape[1:3] != (size, size):
        array = np.stack([_square(image, size) for image in array])
    return float_array(np.broadcast_to(array, (*array.shape[:3], 3)))


def _square(image: np.ndarray, size: int) -> np.ndarray:
    """Returns the middle square of an image [H, W, C], resized, as the commands do it."""
    channels = [
        ImageOps.fit(Image.fromarray(image[..., i]), (size, size), Image.Resampling.BILINEAR)
        for i in range(image.shape[-1])
    ]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)
