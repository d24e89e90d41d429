"""Runs in the peers' environment: pyfingerprint gives its commands, and prints what it was told as JSON.

python drive_pyfingerprint.py PORT IMAGE
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import sys

from PIL import Image
from pyfingerprint.pyfingerprint import PyFingerprint

port, picture = sys.argv[1:]
module = PyFingerprint(port, 57600, 0xFFFFFFFF, 0)
told = {"password": module.verifyPassword(), "capacity": module.getStorageCapacity()}
told["image"] = module.readImage()
module.downloadImage(picture)
told["first_pixels"] = list(Image.open(picture).crop((0, 0, 8, 1)).tobytes())
module.convertImage(1)
told["image_again"] = module.readImage()
module.convertImage(2)
told["score"] = module.compareCharacteristics()
told["created"] = module.createTemplate()
told["stored"] = module.storeTemplate(7, 1)
told["found"] = module.searchTemplate()
told["count"] = module.getTemplateCount()
told["index"] = [page for page, used in enumerate(module.getTemplateIndex(0)) if used]
template = module.downloadCharacteristics(1)
told["template_bytes"] = len(template)
told["kept"] = module.uploadCharacteristics(2, template)
told["loaded"] = module.loadTemplate(7, 2)
told["random"] = 0 <= module.generateRandomNumber() < 1 << 32
told["deleted"] = module.deleteTemplate(7, 1)
told["not_found"] = module.searchTemplate()
told["security"] = module.setSystemParameter(5, 4)
told["packet_size"] = module.setSystemParameter(6, 2)
told["parameters"] = module.getSystemParameters()
told["cleared"] = module.clearDatabase()
told["new_password"] = module.setPassword(0x01020304)
told["new_password_verified"] = module.verifyPassword()
told["new_address"] = module.setAddress(0x0A0B0C0D)
told["new_address_verified"] = module.verifyPassword()
print(json.dumps(told))
