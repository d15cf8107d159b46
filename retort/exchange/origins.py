"""Where data sets come from: what is said of those behind a form, and the archives of those that are public."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CELEBA = """\
CelebA may be used for non-commercial research under its own terms, after a click on
https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (Baidu and Google Drive).
Place below {directory}/ :
  img_align_celeba.zip      about 1.4 GB   folder Img, "Align&Cropped Images"; 202,599 JPEG of 178x218
                                           (or, unpacked, the folder img_align_celeba/)
  list_attr_celeba.txt      about 27 MB    folder Anno; 40 attributes
  list_eval_partition.txt   about 3 MB     folder Eval; needed for `split: official`
Then run this command again: it unpacks the archive and checks the lists against the images. A row for params.yaml,
with the very test images of StarGAN's released code:
  celeba:
    dataset: celeba
    resolution: 128
    settings: {{directory: {directory}, split: seeded, seed: 1234, test: 1999, validation: 2000}}
"""

RAFD = """\
RaFD (8,040 photographs of 681x1024; eight expressions) is given to researchers who ask for it:
https://rafd.socsci.ru.nl
Crop the faces to 256x256, as StarGAN's authors do, and place them below {directory}/ , a folder per expression:
  train/angry/*.png ... train/surprised/*.png    nine tenths
  test/angry/*.png  ... test/surprised/*.png     one tenth
or without train/ and test/, to have the split drawn with a seed. Then run this command again. A row for params.yaml:
  rafd:
    dataset: rafd
    resolution: 128
    settings: {{directory: {directory}, split: folders, seed: 0, validation: 400}}
"""

MHIST = """\
MHIST (3,152 images of 224x224 from colorectal polyps, with the votes of seven pathologists) is given to researchers who
ask for it: https://bmirds.github.io/MHIST
Place below {directory}/ :
  annotations.csv    image names, majority votes, numbers of votes, parts
  images/            3,152 PNG files (or images.zip, which this command unpacks)
Then run this command again: it holds the list against the images. A row for params.yaml:
  mhist: {{dataset: mhist, resolution: 224, settings: {{directory: {directory}, validation: 218, seed: 1234}}}}
"""

CITYSCAPES = """\
Cityscapes (2,975 pairs for training and 500 of its validation part, which is the test here; 2048x1024) is given for
non-commercial research after a registration: https://www.cityscapes-dataset.com
Place below {directory}/ :
  leftImg8bit_trainvaltest.zip    about 11 GB     the photographs (or, unpacked, the folder leftImg8bit/)
  gtFine_trainvaltest.zip         about 240 MB    the label maps (or, unpacked, the folder gtFine/)
Then run this command again: it unpacks both and looks for the partner of each file. A row for params.yaml:
  cityscapes:
    dataset: cityscapes
    resolution: 256
    settings: {{directory: {directory}, validation: 400, seed: 1234}}
"""

TIGER2LEOPARD = """\
Nobody publishes tigers and leopards as a data set: the paper that translates between them does not say where its images
come from. Place images of your own below {directory}/ :
  trainA/, testA/    tigers
  trainB/, testB/    leopards
Then run this command again: it counts them. A row for params.yaml:
  tiger2leopard:
    dataset: unpaired
    resolution: 256
    settings: {{directory: {directory}, labels: [tiger, leopard], validation: 240, seed: 1234}}
"""

FFHQ = """\
FFHQ (70,000 faces of 1024x1024; Karras et al., CVPR 2019) lies on Google Drive; the script of its authors gets it:
https://github.com/NVlabs/ffhq-dataset
The data set is licensed CC BY-NC-SA 4.0 by NVIDIA, each image under the licence that its metadata name (CC BY 2.0,
CC BY-NC 2.0, public domain or U.S. Government Works): non-commercial use, with credit to the authors.
Place below {directory}/ one of these, as `python download_ffhq.py --images` or `--thumbs` leaves it:
  images1024x1024/      89 GB      folders 00000 to 69000 of a thousand PNG files each (or images1024x1024.zip)
  thumbnails128x128/    1.95 GB    the same at 128x128, for at most `resolution: 128` (or thumbnails128x128.zip)
Then run this command again: it counts the images. A zip is read as it is. A row for params.yaml:
  ffhq:
    dataset: images
    resolution: 256
    settings: {{path: {directory}/images1024x1024, validation: 5000, test: 5000, seed: 1234}}
"""

LSUN_CHURCH = """\
LSUN's outdoor churches (126,227 photographs, the shorter side 256 pixels; Yu et al., 2015, arXiv 1506.03365) are public
at https://www.yf.io/p/lsun, found on the web, with no licence: their owners keep all rights.
They come as an LMDB database (2.3 GB), which the script of their authors turns into a folder:
  git clone https://github.com/fyu/lsun && cd lsun
  python3 download.py -c church_outdoor && unzip church_outdoor_train_lmdb.zip
  python3 data.py export church_outdoor_train_lmdb --out_dir {directory}/train_images
Then run this command again: it counts the images. A row for params.yaml:
  lsun-church:
    dataset: images
    resolution: 256
    settings: {{path: {directory}/train_images, validation: 5000, test: 5000, seed: 1234}}
"""


ROW = "{name}: {{dataset: {reader}, resolution: 256, settings: {{directory: {directory}, {settings}}}}}"


@dataclass(frozen=True)
class Archive:
    """A published archive of one folder; `sha256` is empty where nobody states it, `kept` is a folder of data/raw."""

    url: str
    sha256: str
    megabytes: int
    kept: str
    folder: str
    reader: str
    settings: str

    @property
    def file(self) -> str:
        """Its name."""
        return self.url.rpartition("/")[2]

    def row(self, name: str, directory: Path) -> str:
        """A row for params.yaml."""
        return ROW.format(name=name, reader=self.reader, directory=directory, settings=self.settings)


BERKELEY = "https://efrosgans.eecs.berkeley.edu"


def unpaired(folder: str, labels: str, sha256: str, megabytes: int) -> Archive:
    """One of CycleGAN's data sets."""
    return Archive(
        url=f"{BERKELEY}/cyclegan/datasets/{folder}.zip",
        sha256=sha256,
        megabytes=megabytes,
        kept="cyclegan",
        folder=folder,
        reader="unpaired",
        settings=f"labels: [{labels}], validation: 240, seed: 1234",
    )


# The authors state no SHA-256; these are the ones that TensorFlow Datasets states (url_checksums/cycle_gan.txt).
HORSES = "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"
APPLES = "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"
SEASONS = "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9"

ARCHIVES = {
    "horse2zebra": unpaired("horse2zebra", "horse, zebra", HORSES, 117),
    "apple2orange": unpaired("apple2orange", "apple, orange", APPLES, 79),
    "summer2winter": unpaired("summer2winter_yosemite", "summer, winter", SEASONS, 133),
    "facades": Archive(
        url=f"{BERKELEY}/pix2pix/datasets/facades.tar.gz",
        sha256="",
        megabytes=31,
        kept="pix2pix",
        folder="facades",
        reader="aligned",
        settings="labels: [photo, labels], direction: BtoA",
    ),
}
