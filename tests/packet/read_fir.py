"""Run by the peers' Python: what the iso19794 package reads in finger image records. Paths in, JSON out."""

import json
import sys

from iso19794.FIR import FIRImageFile


def told(path):
    image = FIRImageFile(path)
    header = image.header
    return {
        "size": image.size,
        "version": image.info["version"].decode().rstrip("\0"),
        "captured": header["capture_datetime"].isoformat(),
        "score": header["quality_records"][0].score,
        "position": header["position"],
        "units": header["scale_units"],
        "sampling": [header["horizontal_image_sampling_rate"], header["vertical_image_sampling_rate"]],
        "scanned": [header["horizontal_scan_sampling_rate"], header["vertical_scan_sampling_rate"]],
        "compression": header["image_compression_algo"],
        "impression": header["impression_type"],
    }


print(json.dumps([told(path) for path in sys.argv[1:]]))
