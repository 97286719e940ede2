package org.lethe.video.steer;

import java.util.List;
import java.util.Optional;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Exactness;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.Request;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;

/**
 * Teaches a model of clips to obey two scores, of the motion of objects and of the camera (MotionStone, Shi et al. 2025, section 3.3).
 *
 * <p>Each clip for training gets both scores from an estimator; training goes on with them. As published, each score has a perceptron of its own, whose
 * outputs side by side are added to the embedding of time. Each score is left out in a share of the steps, so that it can be pressed by guidance. The
 * ablations of the paper are settings: {@code {scores: fixed}}, {@code {scores: ssim}}, {@code {scores: feature-difference}}, {@code {injection: mixed}}.
 *
 * <p>Once taught, a model obeys any scores, not only those of the request.
 *
 * @param scores where the scores of clips for training come from
 * @param injection where scores enter the model
 * @param steps of the optimiser
 * @param batch clips of a step
 * @param learningRate largest rate of AdamW
 * @param dropped share of clips whose score is not told, for each score by itself
 * @param guideObject by how much the score of objects is pressed: 1 for not at all
 * @param guideCamera the same of the camera
 */
@Named("motion-stone")
public record MotionStone(
        Scores scores,
        VideoModel.Injection injection,
        int steps,
        int batch,
        double learningRate,
        double dropped,
        double guideObject,
        double guideCamera)
        implements Method<MotionClips, VideoModel> {
    public MotionStone {
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1 && batch <= 1024, "batch", batch, "1 to 1,024");
        Check.require(learningRate > 0 && learningRate <= 1, "learningRate", learningRate, "above 0, at most 1");
        Check.require(dropped >= 0 && dropped < 1, "dropped", dropped, "0 or more, below 1");
        Check.require(guideObject >= 0 && guideObject <= 20, "guideObject", guideObject, "0 to 20");
        Check.require(guideCamera >= 0 && guideCamera <= 20, "guideCamera", guideCamera, "0 to 20");
    }

    /** As published, with 1,000 steps of 16 clips and a tenth of the scores left out. */
    public MotionStone() {
        this(Scores.ESTIMATOR, VideoModel.Injection.DECOUPLED, 1000, 16, 1e-3, 0.1, 1, 1);
    }

    @Override
    public Optional<String> unsuited(Request request, Learner<MotionClips, VideoModel> learner) {
        return LetheException.refusal(() -> steer(request));
    }

    private static Steer steer(Request request) {
        if (request instanceof Steer steer) {
            return steer;
        }
        throw new LetheException(
                LetheException.Code.STUDY, "motion-stone answers requests to steer, not " + Named.Of.name(request));
    }

    @Override
    public VideoModel fulfil(
            VideoModel model, Request request, Learner<MotionClips, VideoModel> learner, MotionClips data, Env env) {
        steer(request);
        List<Measure.Score> told = env.ledger().timed("scores", () -> scores.of(data, env));
        VideoModel.Lesson lesson = new VideoModel.Lesson(
                injection, steps, batch, learningRate, dropped, new Measure.Score(guideObject, guideCamera));
        return env.ledger().timed("steering", () -> model.taught(lesson, told, data, env));
    }

    @Override
    public Exactness exactness() {
        return Exactness.NONE;
    }
}
