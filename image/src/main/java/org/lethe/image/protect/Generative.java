package org.lethe.image.protect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.Request;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Mark;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.diffusion.Diffusion;

/**
 * Watermarks in the noise from which a picture is generated. The weights stay as they are, and there is no unmarked twin: the mark
 * is the picture's beginning.
 */
public interface Generative extends Watermark {
    /** How pictures are sampled. */
    Sampler sampler();

    /** A new key for pictures of this size. */
    Mark key(Diffusion model, int height, int width, Env env);

    /**
     * A marked start of a run for one picture.
     *
     * @param mark the key, with what else must be kept to find this picture again
     * @param start noise, {@code [1, channels, height, width]}
     */
    record Start(Mark mark, Tensor start) {}

    /**
     * Noise with the mark.
     *
     * @param name of the picture, of which the mark has no other
     */
    Start start(Diffusion model, Mark mark, String name, int height, int width, Env env);

    /**
     * Marked pictures.
     *
     * @param mark the key, with what else must be kept to find these pictures again
     * @param pictures in order
     */
    record Marked(Mark mark, List<Bitmap> pictures) {
        public Marked {
            pictures = List.copyOf(pictures);
        }
    }

    /** Pictures of prompts with the mark. */
    default Marked paint(
            Diffusion model,
            Guard guard,
            Mark mark,
            List<String> prompts,
            List<String> names,
            int height,
            int width,
            Env env) {
        List<Bitmap> made = new ArrayList<>();
        Mark known = mark;
        try (var _ = new NoGradGuard()) {
            for (int n = 0; n < prompts.size(); n++) {
                try (var _ = new PointerScope()) {
                    Start start = start(model, known, names.get(n), height, width, env);
                    known = start.mark;
                    made.addAll(Sampler.bitmaps(model.decode(
                            sampler().latents(model, guard, start.start, model.states(List.of(prompts.get(n)))))));
                }
            }
        }
        return new Marked(known, made);
    }

    @Override
    default ImageModel fulfil(
            ImageModel model, Request request, Learner<Gallery, ImageModel> learner, Gallery data, Env env) {
        List<String> prompts = Watermark.prompts(data, ((MarkPictures) request).pictures());
        List<String> names =
                IntStream.range(0, prompts.size()).mapToObj(n -> "marked-" + n).toList();
        try (var _ = new PointerScope()) {
            Diffusion open = model.open(env.device());
            Mark key = key(open, data.height(), data.width(), env);
            Marked marked = paint(open, model.guard(), key, prompts, names, data.height(), data.width(), env);
            List<Bitmap> plain = sampler()
                    .pictures(open, model.guard(), prompts, data.height(), data.width(), env.random("unmarked noise"));
            return model.with(new ImageModel.Published(
                    works("unmarked-", prompts, plain),
                    works("marked-", prompts, marked.pictures),
                    false,
                    Optional.of(marked.mark)));
        }
    }

    /** Generated pictures as works. */
    static List<Work> works(String prefix, List<String> prompts, List<Bitmap> pictures) {
        return IntStream.range(0, pictures.size())
                .mapToObj(n -> new Work(prefix + n, pictures.get(n), prompts.get(n), "generated", "", Work.Part.TEST))
                .toList();
    }
}
