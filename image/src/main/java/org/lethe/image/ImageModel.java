package org.lethe.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.diffusion.Diffusion;

/**
 * A text-to-image model as a value, with what its owner publishes: weights in Java memory, the guard of its sampler, works as they are
 * shown to the world, and the mark by which they are known again. Safe for many threads. It computes once it is {@linkplain #open
 * opened}.
 */
public final class ImageModel {
    private final Weights weights;
    private final Guard guard;
    private final Optional<Published> published;
    private final Derived derived = new Derived();

    /** The weights of a model: what {@link #open} makes a {@link Diffusion} of. */
    public interface Weights {
        /** The model in the current scope. */
        Diffusion open(Device device);

        /** The weights that such a model has now; a copy in Java memory. */
        Weights of(Diffusion model);

        /** The judge of the styles of its pictures: a network trained on the gallery, unless a better one is known for such a model. */
        default Judging judge(Gallery gallery, Env env) {
            return Judge.of(gallery, env);
        }

        /** Writes them, words and tensors, to what is saved. */
        void save(ImageFile.Writer to);
    }

    /**
     * What the owner shows to the world.
     *
     * @param original works as they were, or pictures of the unmarked generator from the same prompts
     * @param shown the same works as they are published: protected, or marked
     * @param twins whether each work shown is its original but for the protection, so that they can be compared pixel by pixel
     * @param mark by which the works shown are known again, where there is one
     */
    public record Published(List<Work> original, List<Work> shown, boolean twins, Optional<Mark> mark) {
        public Published {
            original = List.copyOf(original);
            shown = List.copyOf(shown);
        }
    }

    private ImageModel(Weights weights, Guard guard, Optional<Published> published) {
        this.weights = weights;
        this.guard = guard;
        this.published = published;
    }

    /** A model without a guard, of which nothing is published. */
    public static ImageModel of(Weights weights) {
        return new ImageModel(weights, new Guard.None(), Optional.empty());
    }

    /** The same with the weights that a model has now; guard and publications stay. */
    public ImageModel with(Diffusion model) {
        return new ImageModel(weights.of(model), guard, published);
    }

    /** The same under another guard. */
    public ImageModel with(Guard other) {
        return new ImageModel(weights, other, published);
    }

    /** The same with published works. */
    public ImageModel with(Published works) {
        return new ImageModel(weights, guard, Optional.of(works));
    }

    /** The weights. */
    public Weights weights() {
        return weights;
    }

    /** How its sampler is led away from a concept. */
    public Guard guard() {
        return guard;
    }

    /** What its owner publishes; empty before a protection. */
    public Optional<Published> published() {
        return published;
    }

    /** The model in the current scope, without its guard: {@link Sampler} knows the guard. */
    public Diffusion open(Device device) {
        return weights.open(device);
    }

    /**
     * A result about this model that several audits need: computed by the first caller and kept as long as the model. The key says all
     * that it depends on, with the seed.
     */
    public <T> T derived(Object key, Supplier<T> maker) {
        return derived.of(key, maker);
    }

    /** Writes the model to one safetensors file. */
    public void save(Path file, Map<String, String> provenance) throws IOException {
        ImageFile.write(this, file, provenance);
    }

    /** Reads a file that {@link #save} wrote. */
    public static ImageModel load(Path file) throws IOException {
        return ImageFile.read(file);
    }
}
