package org.lethe.video.model;

import org.lethe.Check;
import org.lethe.Env;
import org.lethe.Estimate;
import org.lethe.Learner;
import org.lethe.Named;
import org.lethe.video.Labelled;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;

/**
 * Makes clips without any network: the first frame is moved as a whole, and a disc in its middle moves over it. It moves as much as clips for training do
 * on the mean, until it is steered.
 *
 * <p>What it does is known exactly, so that audits can be tried on it in seconds. How much it moves for a score is a straight line fitted to clips for
 * training by least squares.
 *
 * @param radius of the disc, as a share of the side
 */
@Named("warp")
public record Warp(double radius) implements Learner<MotionClips, VideoModel> {
    public Warp {
        Check.require(radius > 0 && radius <= 0.4, "radius", radius, "above 0, at most 0.4");
    }

    /** A disc with a diameter of 45 % of the side. */
    public Warp() {
        this(0.225);
    }

    @Override
    public VideoModel train(MotionClips data, Env env) {
        double object =
                data.train().stream().mapToDouble(Labelled::object).average().orElseThrow();
        double camera =
                data.train().stream().mapToDouble(Labelled::camera).average().orElseThrow();
        return new WarpModel(
                data.train().getFirst().clip().width(),
                data.train().getFirst().clip().frames(),
                radius,
                new WarpModel.Line(object, 0),
                new WarpModel.Line(camera, 0),
                false);
    }

    @Override
    public Estimate estimate(MotionClips data) {
        return new Estimate(0.1, 1 << 20);
    }
}
