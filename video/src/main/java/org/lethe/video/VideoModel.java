package org.lethe.video;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.numerics.Keyed;
import org.lethe.video.flow.Measure;

/** An image-to-video model as a value: weights in Java memory, safe for many threads. */
public interface VideoModel {
    /**
     * A clip that is asked for.
     *
     * @param first its first frame
     * @param asked scores of its motion from 1 to 10; a model that knows no scores passes over them
     * @param noise key of all random draws, so that two clips with one key differ in what is asked for alone
     */
    record Shot(Bitmap first, Measure.Score asked, Keyed noise) {}

    /** Height and width of the clips that it makes, in pixels. */
    int size();

    /** Makes a clip of each shot, in their order. */
    List<Clip> animate(List<Shot> shots, Env env);

    /**
     * The model that learned, from clips with scores, to obey them.
     *
     * @param scores from 1 to 10, one for each clip for training
     */
    VideoModel taught(Lesson lesson, List<Measure.Score> scores, MotionClips data, Env env);

    /** Writes it as safetensors. */
    void save(Path file, Map<String, String> provenance) throws IOException;

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
    record Lesson(
            Injection injection, int steps, int batch, double learningRate, double dropped, Measure.Score guidance) {}

    /** Where scores enter a model. */
    enum Injection {
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
