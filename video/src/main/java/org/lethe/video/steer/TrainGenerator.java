package org.lethe.video.steer;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.study.Words;
import org.lethe.video.MotionClips;
import org.lethe.video.VideoModel;
import org.lethe.video.data.PlantedClips;
import org.lethe.video.model.MotionTransformer;
import org.lethe.video.model.Warp;

/**
 * Trains a model that makes clips of a first frame, teaches it to obey scores of motion, and writes it to a file for {@code video animate}.
 *
 * @param clips to learn from
 * @param model with its settings
 * @param method that teaches it the scores
 * @param data folder that is searched for textures first
 * @param to file of the model, .safetensors
 */
@Named("video train-generator")
public record TrainGenerator(
        PlantedClips clips,
        Learner<MotionClips, VideoModel> model,
        MotionStone method,
        Optional<Path> data,
        @Required Path to)
        implements Tool<TrainGenerator.Result> {
    /** The usual clips, model and method; the file is still to be named. */
    public TrainGenerator() {
        this(new PlantedClips(), new MotionTransformer(), new MotionStone(), Optional.empty(), Path.of(""));
    }

    @Override
    public List<?> entries() {
        return List.of(new PlantedClips(), new MotionStone(), new MotionTransformer(), new Warp());
    }

    /**
     * How it went.
     *
     * @param trained clips that it learned from
     * @param seconds both trainings took
     * @param written the file
     */
    public record Result(int trained, double seconds, Path written) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(Locale.ROOT, "%,d clips to learn from, %.1f s%n", trained, seconds);
            out.println(written);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.WORKERS);
    }

    @Override
    public Result run(Env env) throws IOException {
        if (Files.exists(to)) {
            throw new LetheException(LetheException.Code.STORAGE, to + " is there already, expected a new file");
        }
        MotionClips loaded = clips.load(DataFolders.usual(data));
        long from = System.nanoTime();
        VideoModel base = model.train(loaded, env);
        VideoModel steered = method.fulfil(base, new Steer(), model, loaded, env);
        steered.save(
                to,
                Map.of(
                        "clips", Words.full(clips),
                        "model", Words.full(model),
                        "method", Words.full(method),
                        "seed", Long.toString(env.seed())));
        return new Result(loaded.train().size(), (System.nanoTime() - from) / 1e9, to);
    }
}
