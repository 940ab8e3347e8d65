"""What a run's page says of metrics and sheets."""

HEADLINES = ("pair_accuracy_balanced", "pair_accuracy", "coupling", "classes_hit", "modes_covered")
HEADLINES += ("pair_separated",)
HEADLINES += ("swap_acc", "swap_acc_seen", "s_svm", "z_svm", "removal_probability", "guided")
HEADLINES += ("class_kept", "sdr_gain", "sdr_gain_mean", "sdr_gain_oracle")
HEADLINES += ("translation_accuracy12", "translation_accuracy21", "target_accuracy")

# What a stranger needs to read a number; a trailing 1 or 2 of a metric's name is its domain.
MEANINGS = {
    "pair_accuracy": "share of pairs whose two images get the same label",
    "pair_accuracy_balanced": "the same with equal weight for every class",
    "pair_accuracy_chance": "what uncoupled pairs would reach",
    "coupling": "0 = no better than chance, 1 = all pairs agree",
    "mutual_information": "what the label of one image tells about the other's",
    "label_entropy": "how evenly the classes are used",
    "label_entropy_share": "1 = all classes equally often",
    "classes_hit": "classes that appear often enough to count",
    "confident": "share of images that the evaluator is sure of",
    "diversity": "mean distance between generated images",
    "real_diversity": "the same between real images",
    "checkerboard": "power at the frequencies of a grid beside that around; near 1 = no grid",
    "real_checkerboard": "the same of real images",
    "lpips_pair": "perceptual distance of the two images of a pair; lower is more alike",
    "lpips_domain": "perceptual distance of samples and random real images of the domain",
    "lpips_cross12": "perceptual distance of samples of domain 1 and real images of domain 2",
    "lpips_cross21": "perceptual distance of samples of domain 2 and real images of domain 1",
    "lpips_unpaired": "the same of two images that have not the same latent vector",
    "lpips_real": "the same between random real images of both domains, as a baseline",
    "modes_covered": "modes of the data that enough points are close to",
    "high_quality": "share of points that are close to a mode",
    "real_high_quality": "the same of real points",
    "pair_separated": "share of pairs with the attribute in image 2 and not in image 1",
    "attribute_absent": "share of images 1 without it",
    "attribute_present": "share of images 2 with it",
    "pair_agreement": "share of pairs that agree in another attribute, on average",
    "pair_agreement_chance": "the same of independent images",
    "evaluator_divides": "how often the evaluator is right about it on real images",
    "evaluator_accuracy": "how far the evaluator can be trusted",
    "swap_acc": "share of exchanged images whose class is that of the class code's source",
    "s_svm": "class that a linear SVM reads from the class code; the more the better",
    "z_svm": "class that it reads from the style code; best is the most frequent class's share",
    "prior_acc": "share of images of a class code and a random style code that show that class",
    "copy_rate": "share of exchanged images that keep the class of the other source",
    "rec_l1": "mean difference of images and what they are put together to again",
    "removal_probability": "how far the evaluator still sees the extra that was removed",
    "real_probability": "the same in real images: least in domain 1, most in domain 2",
    "guided": "share of images of domain 1 in which it sees the extra of a guide",
    "class_kept": "share of images that show the same class after the removal",
    "identity_style": "how far mixed faces are from the face whose style they have",
    "identity_content": "how far they are from the face whose content they have",
    "identity_pair": "how far these two faces are from each other, as a baseline",
    "sdr_gain": "signal-to-distortion ratio of voices found, in dB above that of the mixture",
    "sdr_gain_mean": "the same with domain 1's mean spectrum as everybody's background",
    "sdr_gain_oracle": "the same with the true background: the most that subtraction can give",
    "short_l1": "mean difference of images and what is made of their own codes",
    "translation_accuracy12": "share of images of domain 1 that keep their class in domain 2",
    "translation_accuracy21": "share of images of domain 2 that keep their class in domain 1",
    "translation_accuracy12_source": "share of them whose class is seen without any translation",
    "translation_accuracy21_source": "share of them whose class is seen without any translation",
    "l1_121": "how far images of domain 1 are moved by going to domain 2 and back",
    "l1_212": "how far images of domain 2 are moved by going to domain 1 and back",
    "l1_11": "mean difference of images of domain 1 and what is made of their own codes",
    "l1_22": "the same in domain 2",
    "lpips_content12": "perceptual distance of images of domain 1 and their translations",
    "lpips_content21": "perceptual distance of images of domain 2 and their translations",
    "style": "distance of translations to the domain in style: average Gram matrices",
    "style1_source": "the same of images of domain 2 that are not translated",
    "style2_source": "the same of images of domain 1 that are not translated",
    "kid": "kernel distance of generated and held-out images in the features named; 0 is best",
    "fid": "Frechet distance of the same features; biased by few images",
    "other_z_l1": "the same with the style code of another image; equal means that it is ignored",
}

TRANSLATED = (
    "Above, images of domain 1 and below them what becomes of them in domain 2 and, back again, in "
    "domain 1 (unit, ost: first what their own codes give). Below, the same of domain 2."
)
ONE_WAY = "Images of domain {} and below them their translations."
OWN_CODES = "Images of domain 2 and below them what their own codes give."
TRIPLETS = (
    "Pairs of held-out images x1, x2; m12 has the content of 1 and the style of 2, m21 the"
    " reverse; r1, r2 are put together again of those."
)
FACTORS = "dec(zi, sj): the style of image i, the class of image j."
# By --gan_type, the sheets of iterations; by file name, sheets of the trained system.
CAPTIONS = {
    **dict.fromkeys(("g2g", "triplets"), TRIPLETS),
    "lord": "The content is that of the image above, the class that of the image on the left.",
    **dict.fromkeys(("cyclegan", "unit", "ost"), TRANSLATED),
    "factors": f"A row is x1, x2 of its class, x3, then dec(z1, s3) and dec(z3, s1). {FACTORS}",
    "content": "Images of domain 1 above; below each the same with what the image on the left has "
    "extra.",
    "translate": "From above: given images, the same found again (where there is a way back), and "
    "their partners in the other domain.",
    "removal": "Images of domain 2 without what they have extra.",
    "swap": "Images of domain 2, guides, and the former with what the latter have extra.",
    "guides": "An image and two guides; nothing extra, then that of guide 1 and on to guide 2's.",
    "separation": "From above: mixtures; backgrounds and voices found; the true ones, if known. "
    "Time goes to the right, high notes stand above; black is silence.",
    "nearest_and_farthest": "Of all pairs measured, those of the lowest LPIPS, the lowest on the "
    "left, domain 1 above its partner; below them those of the highest, the highest on the left.",
    "swap_matrix": "The class is that of the image above, the style that of the image on the left.",
    "interpolation": "Left x1 and x3, then dec(z1, s) with s on its way from s1 to s3.",
    "codes": "t-SNE of the codes of held-out images, coloured by class.",
}
# Fader Networks see no guide.
FADER = {
    "content": "Images of domain 1 above; below them the same, where the decoder is told that "
    "there is something extra. Images on the left play no part: the extra is the decoder's own.",
    "swap": "Images of domain 2, others that play no part, and the former decoded with the extra.",
    "guides": "An image and two others that play no part; decoded without the extra, then with it.",
}
