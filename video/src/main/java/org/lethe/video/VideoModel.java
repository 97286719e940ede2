package org.lethe.video;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;
import org.lethe.video.flow.Measure;

/** An image-to-video model as a value: weights in Java memory, safe for many threads. */
public abstract class VideoModel {
    private final Map<Object, Object> derived = new HashMap<>();

    /**
     * A clip that is asked for.
     *
     * @param first its first frame
     * @param asked scores of its motion from 1 to 10; a model that knows no scores passes over them
     * @param noise key of all random draws, so that two clips with one key differ in what is asked for alone
     */
    public record Shot(Bitmap first, Measure.Score asked, Keyed noise) {}

    /** Height and width of the clips that it makes, in pixels. */
    public abstract int size();

    /** Makes a clip of each shot, in their order. */
    public abstract List<Clip> animate(List<Shot> shots, Env env);

    /**
     * The model that learned, from clips with scores, to obey them.
     *
     * @param scores from 1 to 10, one for each clip for training
     */
    public abstract VideoModel taught(Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env);

    /**
     * What follows from this model and several audits need: made by the first caller and kept as long as the model. The key says all that it depends
     * on, with the seed.
     */
    @SuppressWarnings("unchecked") // a key has one maker
    public final synchronized <T> T derived(Object key, Supplier<T> maker) {
        @Nullable Object known = derived.get(key);
        if (known == null) {
            known = maker.get();
            derived.put(key, known);
        }
        return (T) known;
    }

    /** Writes it as safetensors. */
    public abstract void save(Path file, Map<String, String> provenance) throws IOException;

    /**
     * How scores are learned.
     *
     * @param injection where they enter the model
     * @param steps of the optimiser
     * @param batch clips of a step
     * @param learningRate largest rate
     * @param dropped share of steps in which a score is not told, for each score by itself
     * @param guidance by how much each score is pressed: 1 for not at all
     */
    public record Lesson(
            Injection injection, int steps, int batch, double learningRate, double dropped, Measure.Score guidance) {}

    /** Where scores enter a model. */
    public enum Injection {
        /** Two perceptrons of their own, whose outputs side by side are added to the embedding of time, as published. */
        DECOUPLED,
        /** One perceptron of the sum of both scores, added to the embedding of time. */
        MIXED,
        /** A token for each score, beside those of the clip. */
        TOKEN,
        /** A token for each score, to which the tokens of the clip attend apart. */
        CROSS_ATTENTION
    }
}
