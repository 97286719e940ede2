package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;
import org.lethe.image.data.PictureFolder;
import org.lethe.video.Clip;
import org.lethe.video.VideoModel;
import org.lethe.video.data.Clips;
import org.lethe.video.flow.Measure;
import org.lethe.video.model.MotionEstimator;
import org.lethe.video.model.VideoModels;

/**
 * Makes a clip of a picture, with so much motion of objects and of the camera.
 *
 * <p>The middle square of the picture is brought to the size of the model. The result also says what the shipped estimator scores the clip, on the same scale.
 *
 * @param image PNG or JPEG
 * @param model file of a steered model: one that {@code video train-generator} wrote, or of a study's folder
 * @param object score of the motion of objects, from 1 to 10
 * @param camera score of the motion of the camera, from 1 to 10
 * @param to file for the clip: .gif, .mp4 or .mkv
 */
@Named("video animate")
public record Animate(
        @Argument Path image,
        @Required Path model,
        double object,
        double camera,
        @Required Path to) implements Tool<Animate.Result> {
    public Animate {
        new Steer(object, camera); // checks both
    }

    /** Lively objects before a calm camera; the files are still to be named. */
    public Animate() {
        this(Path.of(""), Path.of(""), 7, 2, Path.of(""));
    }

    /**
     * The clip.
     *
     * @param frames how many
     * @param size in pixels, both ways
     * @param object score that the estimator gives it
     * @param camera score that the estimator gives it
     * @param written the file
     */
    public record Result(int frames, int size, double object, double camera, Path written) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT,
                    "%d frames of %d x %d; the estimator scores them object %.1f, camera %.1f%n",
                    frames,
                    size,
                    size,
                    object,
                    camera);
            out.println(written);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED);
    }

    @Override
    public Result run(Env env) throws IOException {
        if (Files.exists(to)) {
            throw new LetheException(LetheException.Code.STORAGE, to + " is there already, expected a new file");
        }
        VideoModel loaded = VideoModels.load(model);
        Bitmap picture = Pictures.read(image);
        int size = loaded.size();
        if (Math.min(picture.width(), picture.height()) < size) {
            throw new LetheException(
                    LetheException.Code.DATA,
                    image + ": is " + picture.width() + " x " + picture.height() + ", expected at least " + size + " x "
                            + size + ", as nothing is enlarged");
        }
        Clip clip = loaded.animate(
                        List.of(new VideoModel.Shot(
                                PictureFolder.squared(picture, size),
                                new Measure.Score(object, camera),
                                env.random("animate"))),
                        env)
                .getFirst();
        Clips.write(to, clip);
        Measure.Score scored = MotionEstimator.shipped().score(clip);
        return new Result(clip.frames(), size, scored.object(), scored.camera(), to);
    }
}
