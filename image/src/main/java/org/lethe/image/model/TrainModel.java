package org.lethe.image.model;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lethe.Check;
import org.lethe.DataFolders;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Tool;
import org.lethe.image.Gallery;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.data.PictureFolder;

/**
 * Trains a small text-to-image model from scratch on pictures, and writes it to a file.
 *
 * <p>It paints little thumbnails, so that protecting, erasing and marking can be tried on it without any download. Each sub-folder
 * is a style, and the words of a file's name are its caption.
 *
 * @param pictures folder of the pictures, PNG or JPEG
 * @param size height and width in pixels that pictures are brought to
 * @param model its shape and training
 * @param to file for the model, which must not be there yet
 */
@Named("image train")
public record TrainModel(
        @Argument Path pictures,
        int size,
        @Inline SmallDiffusion model,
        @Required Path to) implements Tool<TrainModel.Result> {
    public TrainModel {
        Check.require(size >= 8 && size <= 256 && size % 8 == 0, "size", size, "a multiple of 8 from 8 to 256");
    }

    /** Thumbnails of 16 pixels; the files are still to be named. */
    public TrainModel() {
        this(Path.of(""), 16, new SmallDiffusion(), Path.of(""));
    }

    /**
     * How it went.
     *
     * @param works pictures it learned from
     * @param styles that it knows
     * @param seconds training took
     * @param written file of the model
     */
    public record Result(int works, List<String> styles, double seconds, Path written) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            out.printf(
                    Locale.ROOT, "%d pictures in the styles %s, %.1f s%n", works, String.join(", ", styles), seconds);
            out.println(written);
        }
    }

    @Override
    public Result run(Env env) throws IOException {
        if (Files.exists(to)) {
            throw new LetheException(LetheException.Code.STORAGE, to + " is there already, expected a new file");
        }
        Gallery gallery = new PictureFolder(pictures.toAbsolutePath().toString(), size, "", 0, 0, 1)
                .load(new DataFolders(List.of()));
        long from = System.nanoTime();
        ImageModel trained = model.train(gallery, env);
        double seconds = (System.nanoTime() - from) / 1e9;
        trained.save(to, Map.of());
        return new Result(gallery.known(Work.Part.TRAINING).size(), gallery.known(), seconds, to);
    }
}
