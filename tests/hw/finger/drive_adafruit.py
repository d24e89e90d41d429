"""Runs in the peers' environment: Adafruit's library does the same; prints what it was told as JSON.

python drive_adafruit.py PORT
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import sys

import adafruit_fingerprint
import serial

with serial.Serial(sys.argv[1], baudrate=57600, timeout=5) as port:
    module = adafruit_fingerprint.Adafruit_Fingerprint(port)
    told = {"capacity": module.library_size, "system_id": module.system_id, "echo": module.check_module()}
    told["image"] = module.get_image()
    picture = module.get_fpdata("image")
    told["picture_bytes"] = len(picture)
    told["picture_kept"] = module.send_fpdata(picture, "image") and module.get_fpdata("image") == picture
    told["image"] = module.get_image()
    told["features"] = [module.image_2_tz(1), module.get_image(), module.image_2_tz(2)]
    told["compared"], told["score"] = module.compare_templates(), module.confidence[0]
    told["model"] = module.create_model()
    told["stored"] = module.store_model(260)
    told["fast_search"] = [module.finger_fast_search(), module.finger_id, module.confidence]
    told["search"] = [module.finger_search(), module.finger_id, module.confidence]
    template = module.get_fpdata("char", 1)
    told["template_bytes"] = len(template)
    module.send_fpdata(template, "char", 2)
    told["template_kept"] = module.get_fpdata("char", 2) == template
    told["loaded"] = module.load_model(260, 2)
    told["count"] = [module.count_templates(), module.template_count]
    told["pages"] = [module.read_templates(), module.templates]
    told["light"] = module.set_led(color=2, mode=3, speed=90, cycles=0)
    told["packet_size"] = module.set_sysparam(6, 2)
    told["deleted"] = module.delete_model(260)
    told["not_found"] = module.finger_search()
    told["emptied"] = module.empty_library()
    module.soft_reset()
    told["verified_after_reset"] = module.verify_password()
print(json.dumps(told))
