"""Command lines whose results a restructuring must not change, one short run each."""

SMOKE = "--preset smoke --iterations 3 --log_every 1 --sheet_every 2 --save_every 2 --keep 1"
ALL_TERMS = (
    "--feature_loss --weight_loss --semantic_loss --cycle_loss --disc_penalty wgan-gp "
    "--perceptual_loss --perceptual_net squeeze --perceptual_weights random --disc_iters 2"
)
SCOGAN = f"--gan_type scogan --cogan_data mini2edge {ALL_TERMS}"
SMALL_CODES = "--adain_layers 2 --content_dim 4 --style_dim 4"
FUNIT = "--gan_type g2g --data mini2street --d_blocks 4 --mlp_width 8"
CYCLEFUNIT = (
    "--gan_type g2g --g2g_variant cyclefunit --data mini2street --mlp_width 8 "
    "--perceptual_net classifier"
)
FACTORS = "--gan_type factors --dataset mini --probe_train 40 --probe_test 20"
PHOTO = "--image_size 64 --batch_size 2"

TRAINING = {
    "gan": "--gan_type gan --dataset mini --ema 0.9 --weight_decay 1e-3",
    "gan-ring": "--gan_type gan --arch toy --dataset ring --loss wgan --disc_iters 2",
    "gan-32-hinge-r1": "--gan_type gan --arch 32 --dataset mini --loss hinge --disc_penalty r1 "
    "--penalty_every 2",
    "gan-64-dragan": f"--gan_type gan --arch 64 --dataset mini {PHOTO} --disc_penalty dragan",
    "gan-wgan-clip": "--gan_type gan --dataset mini --loss wgan --lr_schedule cosine "
    "--lr_decay_length 3 --optim_d rms",
    "gan-minimax-normal": "--gan_type gan --dataset mini --loss minimax --noise_type normal",
    "cogan": "--gan_type cogan --cogan_data mini2edge",
    "cogan-batch-norm": "--gan_type cogan --cogan_data mini2edge --norm batch --use_firstlayer",
    "cogan-residual": "--gan_type cogan --cogan_data mini2edge --residual --d_arch strided "
    "--loss lsgan --upsample nearest",
    "cogan-64": f"--gan_type cogan --cogan_data mini2street {PHOTO} --norm instance",
    "scogan": SCOGAN,
    "scogan-image-ce": "--gan_type scogan --cogan_data mini2street --feature_loss "
    "--fr_include_image --feature_reduction mean --semantic_loss --semantic_norm ce "
    "--balance_weight 2 --clip_norm 1 --accumulate 2",
    "scogan-bfloat16": f"{SCOGAN} --mixed_precision bfloat16",
    "scogan-float16": f"{SCOGAN} --mixed_precision float16",
    "scogan-two-devices": f"{SCOGAN} --devices CPU:0,CPU:1",
    "scogan-jit": f"{SCOGAN} --jit",
    "scogan-plain-layers": f"{SCOGAN} --no-fast_layers",
    "uda": "--gan_type uda --cogan_data mini2street",
    "uda-batch-norm": "--gan_type uda --cogan_data mini2street --norm batch --no-baseline "
    "--ema 0.9",
    "g2g-naive": f"--gan_type g2g --data mini2street {SMALL_CODES} --content_noise 0.1",
    "g2g-naive-sigmoid": f"--gan_type g2g --data mini {SMALL_CODES} --g2g_out sigmoid --ema 0.9",
    "g2g-cyclefunit": f"{CYCLEFUNIT} --rec_short_weight 1 --style_dim 4",
    "g2g-cyclefunit-identity": f"{CYCLEFUNIT} --id_mode loss --id_ramp 2 --style_dim 4",
    "g2g-cyclefunit-replace": f"{CYCLEFUNIT} --id_mode replace",
    "g2g-cyclefunit-sanity": f"{CYCLEFUNIT} --sanity --style_dim 4",
    "g2g-funit": f"{FUNIT} --g2g_variant funit --style_dim 4 --class_weight 1",
    "g2g-funit2funit": f"{FUNIT} --g2g_variant funit2funit --style_dim 4 --style_class_weight 1 "
    "--penalty_every 2 --unit_gain",
    "g2g-funit2funit-published": f"{FUNIT} --g2g_variant funit2funit --style_dim 4 --bug_compat "
    "--r1_mode batch_mean --ablate long --optim rms",
    "lord-1": f"--gan_type lord --phase 1 --data mini {SMALL_CODES} --perceptual_net classifier",
    "lord": f"--gan_type lord --data mini2street {SMALL_CODES} --phase1_iterations 2 "
    "--perceptual_net classifier --ema 0.9",
    "factors": f"{FACTORS} --ema 0.9",
    "factors-both": f"{FACTORS} --vae_on both --adv_prior_fakes --z_noise 0.1 --s_class_weight 1 "
    "--z_class_weight 1 --d_acc_limit 0",
    "factors-s-64": f"{FACTORS} --vae_on s {PHOTO}",
    "content": "--gan_type content --cogan_data mini2accessory --flip --disc_ramp 2",
    "content-mask": "--gan_type content --content_variant mask --cogan_data mini2accessory",
    "content-fader": "--gan_type content --content_variant fader --cogan_data mini2accessory "
    "--ema 0.9",
    "content-sound": "--gan_type content --cogan_data tones2voices --image_size 64 --rec_norm l2",
    "cyclegan": "--gan_type cyclegan --cogan_data mini2street --ema 0.9",
    "cyclegan-one-way": "--gan_type cyclegan --cogan_data mini2street --direction 21 "
    "--cycle_weight 0 --max_items_A 5 --augment",
    "cyclegan-paired": "--gan_type cyclegan --cogan_data mini2edge --paired --pool 0",
    "cyclegan-discogan": "--gan_type cyclegan --cogan_data mini2street --rate 0.1 --rate_change 2 "
    "--fm_weight 1 --gen_iters 2 --loss ce",
    "cyclegan-pairs": "--gan_type cyclegan --cogan_data mini2street --distance_weight 1",
    "cyclegan-halves-64": f"--gan_type cyclegan --cogan_data mini2street --distance_weight 1 "
    f"--distance_of halves {PHOTO} --res_blocks 1",
    "cyclegan-two-devices": "--gan_type cyclegan --cogan_data mini2street --devices CPU:0,CPU:1",
    "unit": "--gan_type unit --cogan_data mini2street --ema 0.9",
    "unit-64": f"--gan_type unit --cogan_data mini2street {PHOTO} --res_blocks 1",
    "ost-1": "--gan_type ost --phase 1 --cogan_data mini2street",
    "ost": "--gan_type ost --cogan_data mini2street --phase1_iterations 2 --ema 0.9",
    "ost-fresh": "--gan_type ost --cogan_data mini2street --phase1_iterations 2 --init_a fresh "
    "--selective off --no-one_way_cycle --no-augment",
    "classifier": "--gan_type classifier --dataset mini --width 0.05",
    "classifier-mixture": "--gan_type classifier --dataset mini+mini:street "
    "--classifier_arch pooled --mixed_precision bfloat16",
    "skip": "--gan_type scogan --cogan_data mini2edge --nan_policy skip --steps_per_call 2",
}
"""Name of a case -> flags of a training run besides SMOKE."""

AFTERWARDS = {
    "gan": ["sample RUN --n 5", "walk RUN --n 1 --steps 3"],
    "scogan": [
        "sample RUN --n 5",
        "walk RUN --n 2 --steps 3",
        "translate RUN IMAGES --restarts 2 --steps 3",
    ],
    "uda": ["sample RUN --n 5 --seed 1"],
    "cyclegan": ["translate RUN IMAGES", "translate RUN IMAGES --domain 2"],
    "ost": ["translate RUN IMAGES"],
    "content-sound": ["separate RUN --wavs WAVS"],
}
"""Name of a case -> commands that use the finished run; what they write is compared too."""
