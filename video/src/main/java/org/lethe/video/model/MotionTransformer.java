package org.lethe.video.model;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.video.Clip;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.flow.Measure;

/**
 * Learns to make clips of a first frame, with a small diffusion transformer in the space of pixels; it knows no scores of motion until a request to
 * steer teaches it some.
 *
 * <p>Patches of 2 frames × 4 × 4 pixels are tokens. The first frame goes in beside every frame, with a mask on frame 0 and a little noise in training,
 * and frame 0 has half the weight in the loss. The defaults, "nano" of half a million weights, cost about 1 GFLOP a clip and step at 8 × 32 × 32;
 * {@code {width: 192, blocks: 8, heads: 6}} costs seven.
 *
 * @param width of tokens, a multiple of twice the heads
 * @param blocks in a row
 * @param heads of attention
 * @param carried whether the network also says from where in the first frame each pixel came, which is then carried along; without, each frame is the
 *     first one with colours added, and the network must draw what moves
 * @param prediction what is predicted, and how clips are made with it
 * @param steps of the optimiser
 * @param batch clips of a step
 * @param learningRate largest rate of AdamW
 * @param clamp whether frame 0 is held at the first frame while a clip is made
 * @param averaging share that the moving average of the weights keeps each step
 */
@Named("motion-transformer")
public record MotionTransformer(
        int width,
        int blocks,
        int heads,
        boolean carried,
        Prediction prediction,
        int steps,
        int batch,
        double learningRate,
        boolean clamp,
        double averaging)
        implements Learner<MotionClips, VideoModel> {
    public MotionTransformer {
        Check.require(
                width >= 16 && width <= 2048 && width % 2 == 0, "width", width, "an even number from 16 to 2,048");
        Check.require(blocks >= 1 && blocks <= 64, "blocks", blocks, "1 to 64");
        Check.require(heads >= 1 && width % heads == 0, "heads", heads, "a divisor of the width " + width);
        Check.require(steps >= 1, "steps", steps, "at least 1");
        Check.require(batch >= 1 && batch <= 1024, "batch", batch, "1 to 1,024");
        Check.require(learningRate > 0 && learningRate <= 1, "learningRate", learningRate, "above 0, at most 1");
        Check.require(averaging >= 0 && averaging < 1, "averaging", averaging, "0 or more, below 1");
    }

    /** Nano: a width of 96, 4 blocks, 4 heads, pixels carried, rectified flow with a shift of 2, 1,000 steps of 16 clips. */
    public MotionTransformer() {
        this(96, 4, 4, true, new Prediction.RectifiedFlow(10, true, 2), 1000, 16, 1e-3, false, 0.99);
    }

    @Override
    public VideoModel train(MotionClips data, Env env) {
        Clip clip = data.train().getFirst().clip();
        Check.require(
                clip.height() == clip.width()
                        && clip.width() % VideoTransformer.PATCH == 0
                        && clip.frames() % VideoTransformer.FRAMES == 0,
                "clips",
                clip.frames() + " x " + clip.height() + " x " + clip.width(),
                "square ones with a multiple of 4 pixels and an even number of frames");
        VideoModel.Lesson lesson = new VideoModel.Lesson(
                VideoModel.Injection.DECOUPLED, steps, batch, learningRate, 0, new Measure.Score(1, 1));
        return Generator.trained(
                new VideoTransformer.Shape(width, blocks, heads, clip.width(), clip.frames(), carried),
                prediction,
                clamp,
                averaging,
                lesson,
                data,
                env);
    }

    @Override
    public Estimate estimate(MotionClips data) {
        Clip clip = data.train().getFirst().clip();
        double tokens = (double) clip.frames() * clip.height() * clip.width() / 32;
        double weights = blocks * 18.0 * width * width;
        double flops = 3 * (2 * weights * tokens + 4 * tokens * tokens * width * blocks) * batch * steps;
        return new Estimate(flops / 3e10, (long) (batch * tokens * width * blocks * 4 * 40));
    }
}
