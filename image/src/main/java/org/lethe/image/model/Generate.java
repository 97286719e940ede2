package org.lethe.image.model;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.OpenModel;
import org.lethe.image.Pictures;
import org.lethe.image.Sampler;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.TokenDiffusion;
import org.lethe.torch.Devices;

/**
 * Lets text-to-image models paint a prompt, side by side from the same noise: a model before and after a concept was erased, say.
 *
 * <p>A model is a folder of a StableDiffusionPipeline of diffusers, or a file of an image model that a study kept; the guard of such a file
 * stays on. All models get the same noise, so that pictures differ by the models alone. The folder gets one PNG for each picture, and
 * sheet.png with one row for each model.
 *
 * @param model folder or file of a model; may be given several times
 * @param prompt what they are to paint; what goes beyond the length that a text encoder reads, mostly 77 tokens, is cut off
 * @param count pictures of each model
 * @param size height and width in pixels; absent for those that the first model was trained for
 * @param steps calls of the denoiser
 * @param guidance w of ε(∅) + w (ε(p) − ε(∅))
 * @param to folder for the pictures, new or empty
 */
@Named("image generate")
public record Generate(
        @Required List<Path> model,
        @Required String prompt,
        int count,
        Optional<Integer> size,
        int steps,
        double guidance,
        @Required Path to)
        implements Tool<Generate.Result> {
    public Generate {
        model = List.copyOf(model);
        Check.require(count >= 1 && count <= 1000, "count", count, "1 to 1000");
        size.ifPresent(s -> Check.require(s >= 1 && s <= 8192, "size", s, "1 to 8192"));
        new Sampler(steps, guidance);
    }

    /** 4 pictures in 50 steps with a guidance of 7.5; models, prompt and folder are still to be named. */
    public Generate() {
        this(List.of(), "", 4, Optional.empty(), 50, 7.5, Path.of(""));
    }

    /**
     * The pictures.
     *
     * @param files pictures, model by model
     * @param sheet all of them, one row for each model
     */
    public record Result(List<Path> files, Path sheet) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            files.forEach(out::println);
            out.println(sheet);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        requireNew();
        Devices.ready(env.device());
        List<List<Bitmap>> rows = new ArrayList<>();
        int[] sides = size.map(s -> new int[] {s, s}).orElseGet(() -> new int[0]);
        Sampler sampler = new Sampler(steps, guidance);
        try (Progress.Step bar = env.progress().begin("generate", model.size() * sampler.calls(count))) {
            for (Path path : model) {
                try (var _ = new PointerScope()) {
                    OpenModel opened = OpenModel.at(path, env.device());
                    if (sides.length == 0) {
                        sides = sides(opened.model(), path);
                    }
                    rows.add(sampler.pictures(
                            opened.model(),
                            opened.guard(),
                            Collections.nCopies(count, prompt),
                            sides[0],
                            sides[1],
                            env.random("generate"),
                            () -> bar.advance(1)));
                }
            }
        }
        return written(rows);
    }

    private static int[] sides(Diffusion model, Path path) {
        if (model instanceof TokenDiffusion sized) {
            return sized.size();
        }
        throw new LetheException(LetheException.Code.STUDY, "--size is missing: " + path + " does not say its own");
    }

    private Result written(List<List<Bitmap>> rows) throws IOException {
        Files.createDirectories(to);
        List<Path> files = new ArrayList<>();
        for (int m = 0; m < rows.size(); m++) {
            String name = String.valueOf(
                            model.get(m).toAbsolutePath().normalize().getFileName())
                    .replaceFirst("\\.safetensors$", "");
            for (int n = 0; n < count; n++) {
                Path file = to.resolve("%d-%s-%02d.png".formatted(m + 1, name, n + 1));
                Pictures.write(file, rows.get(m).get(n));
                files.add(file);
            }
        }
        Path sheet = to.resolve("sheet.png");
        Pictures.write(sheet, sheet(rows));
        return new Result(List.copyOf(files), sheet);
    }

    private static Bitmap sheet(List<List<Bitmap>> rows) {
        Bitmap first = rows.getFirst().getFirst();
        int wide = first.width();
        int high = first.height();
        int width = wide * rows.getFirst().size();
        int height = high * rows.size();
        float[] all = new float[3 * width * height];
        for (int m = 0; m < rows.size(); m++) {
            for (int n = 0; n < rows.get(m).size(); n++) {
                float[] values = rows.get(m).get(n).values();
                for (int line = 0; line < 3 * high; line++) { // of all channels
                    int channel = line / high;
                    int y = m * high + line % high;
                    System.arraycopy(values, line * wide, all, (channel * height + y) * width + n * wide, wide);
                }
            }
        }
        return new Bitmap(width, height, all);
    }

    private void requireNew() throws IOException {
        if (model.isEmpty()) {
            throw new LetheException(LetheException.Code.STUDY, "--model is missing, expected a folder or a file");
        }
        for (Path path : model) {
            if (!Files.exists(path)) {
                throw new LetheException(LetheException.Code.DATA, "--model is " + path + ", which is not there");
            }
        }
        if (!Files.exists(to)) {
            return;
        }
        boolean empty = false;
        if (Files.isDirectory(to)) {
            try (Stream<Path> there = Files.list(to)) {
                empty = there.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--to is " + to + ", which is there; expected a new folder or an empty one");
        }
    }
}
