package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.image.Bitmap;
import org.lethe.image.Guard;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.model.FineTuning;
import org.lethe.numerics.Keyed;

/**
 * Makes works hard to learn for a model that is itself learning them (Anti-DreamBooth, Van Le et al. 2023): steps of signs raise the
 * loss of diffusion under the prompt of DreamBooth and a surrogate.
 *
 * <p>ASPL: in each round a copy of the model learns the clean works, the works are moved against that copy, and the model itself then
 * learns the works as they are now. FSMG: one surrogate learns the clean works in as many steps, and the works are moved against it.
 * Learning is DreamBooth with prior preservation: AdamW with decay 0.01, gradients clipped at 1, one work and one picture of the prior a
 * step, of which the model makes as many as asked. Published lengths on the scale from −1 to 1 are halved. The targeted and the
 * ensemble form of the paper are not here. Costs, for each round, ascents passes for each work and twice learning passes, and one copy
 * of the model beside the one that learns.
 *
 * @param form aspl or fsmg
 * @param epsilon largest change of a value, in 1/255 of the range from 0 to 1; 6.375 is the published 0.05
 * @param step α of a step of signs, in the same unit
 * @param rounds K
 * @param learning n_f, steps of learning in a round
 * @param ascents N, steps of signs in a round
 * @param learningRate of the surrogate; 5e-7 as published is for Stable Diffusion, small models want 1e-4
 * @param text whether the text encoder learns too
 * @param priorWeight of the loss on the prior; 0 for none
 * @param priors pictures of the prior
 * @param word rare word of the prompt, as {@code a painting in the style of sks}
 */
@Named("anti-dreambooth")
public record AntiDreamBooth(
        Form form,
        double epsilon,
        double step,
        int rounds,
        int learning,
        int ascents,
        double learningRate,
        boolean text,
        double priorWeight,
        int priors,
        String word)
        implements Obfuscation {
    /** Which surrogate the works are moved against. */
    public enum Form {
        /** One that learns in turn with the works: alternating surrogate and perturbation learning. */
        ASPL,
        /** One that learned the clean works: fully-trained surrogate model guidance. */
        FSMG
    }

    public AntiDreamBooth {
        Check.require(rounds >= 0, "rounds", rounds, "at least 0");
        Check.require(ascents >= 0, "ascents", ascents, "at least 0");
        pgd(epsilon, step, rounds * ascents);
        tuning(learning, learningRate, text, priorWeight);
        Check.require(priors >= 1, "priors", priors, "at least 1");
        Check.require(!word.isBlank(), "word", "\"" + word + "\"", "a word");
    }

    /** ASPL as published: ε 6.375, α 0.6375, 50 rounds of 3 and 6 steps, 200 pictures of the prior. */
    public AntiDreamBooth() {
        this(Form.ASPL, 6.375, 0.6375, 50, 3, 6, 5e-7, true, 1, 200, "sks");
    }

    private static ProjectedGradient pgd(double epsilon, double step, int steps) {
        return new ProjectedGradient(epsilon, step, steps, false);
    }

    private static FineTuning tuning(int steps, double learningRate, boolean text, double priorWeight) {
        return new FineTuning(steps, 1, learningRate, text, priorWeight);
    }

    @Override
    public boolean together() {
        return true;
    }

    @Override
    public List<Bitmap> protect(Diffusion model, Task task, Env env) {
        if (epsilon == 0 || rounds * ascents == 0 || task.pictures().isEmpty()) {
            return task.pictures();
        }
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("anti-dreambooth", (long) rounds * ascents)) {
            Game game = new Game(model, task, env, progress);
            Diffusion kept = model.copy();
            switch (form) {
                case ASPL -> {
                    for (int round = 0; round < rounds; round++) {
                        try (var _ = new PointerScope()) {
                            Diffusion surrogate = kept.copy();
                            game.learn(surrogate, task.pictures(), learning, "clean", round);
                            game.ascend(surrogate, round);
                        }
                        game.learn(kept, game.now(), learning, "changed", round);
                    }
                }
                case FSMG -> {
                    game.learn(kept, task.pictures(), learning * rounds, "clean", 0);
                    for (int round = 0; round < rounds; round++) {
                        game.ascend(kept, round);
                    }
                }
            }
            return game.published();
        }
    }

    /** The works as they are moved, with what is learned from them. */
    private final class Game {
        private final Task task;
        private final Env env;
        private final Progress.Step progress;
        private final String prompt;
        private final FineTuning.Lessons prior;
        private final ProjectedGradient pgd = pgd(epsilon, step, rounds * ascents);
        private final List<ProjectedGradient.Box> boxes = new ArrayList<>();
        private final List<Tensor> now = new ArrayList<>();

        Game(Diffusion model, Task task, Env env, Progress.Step progress) {
            this.task = task;
            this.env = env;
            this.progress = progress;
            prompt = task.prompt() + " in the style of " + word;
            prior = priorWeight == 0 || learning == 0 || learningRate == 0
                    ? FineTuning.Lessons.NONE
                    : made(model, task, env.random("anti-dreambooth").of("prior"));
            int rows = ProjectedGradient.batch(task.pictures());
            for (int from = 0; from < task.pictures().size(); from += rows) {
                int to = Math.min(task.pictures().size(), from + rows);
                Tensor original =
                        ProjectedGradient.tensor(model, task.pictures().subList(from, to));
                Optional<Tensor> mask = ProjectedGradient.mask(model, task, from, to);
                boxes.add(pgd.box(original, mask));
                now.add(original.clone());
            }
        }

        private FineTuning.Lessons made(Diffusion model, Task task, Keyed key) {
            Bitmap size = task.pictures().getFirst();
            List<Bitmap> pictures = new Sampler()
                    .pictures(
                            model,
                            new Guard.None(),
                            Collections.nCopies(priors, task.prompt()),
                            size.height(),
                            size.width(),
                            key);
            return FineTuning.Lessons.of(pictures, task.prompt());
        }

        void learn(Diffusion surrogate, List<Bitmap> pictures, int steps, String purpose, int round) {
            long seed = env.random("anti-dreambooth").of(purpose).at(round);
            tuning(steps, learningRate, text, priorWeight)
                    .train(surrogate, FineTuning.Lessons.of(pictures, prompt), prior, env.with(seed));
        }

        void ascend(Diffusion surrogate, int round) {
            Keyed key = env.random("advdm").of("loss"); // that of AdvDm, which this is without learning
            try (var _ = new PointerScope()) {
                DiffusionLoss loss = DiffusionLoss.of(surrogate, prompt, key);
                int from = 0;
                for (int b = 0; b < now.size(); b++) {
                    pgd.descend(
                            boxes.get(b),
                            now.get(b),
                            AdvDm.raising(loss, from, 1),
                            round * ascents,
                            ascents,
                            Progress.NONE.begin("", 0));
                    from += (int) now.get(b).size(0);
                }
            }
            progress.advance(ascents);
        }

        /** The works as they are now, not yet on levels. */
        List<Bitmap> now() {
            List<Bitmap> pictures = new ArrayList<>();
            for (Tensor rows : now) {
                for (long n = 0; n < rows.size(0); n++) {
                    try (var _ = new PointerScope()) {
                        pictures.add(Bitmap.of(rows.narrow(0, n, 1)));
                    }
                }
            }
            return pictures;
        }

        List<Bitmap> published() {
            try (var _ = new PointerScope()) {
                return ProjectedGradient.published(
                        task.pictures(), torch.cat(new TensorVector(now.toArray(Tensor[]::new)), 0), epsilon);
            }
        }
    }
}
