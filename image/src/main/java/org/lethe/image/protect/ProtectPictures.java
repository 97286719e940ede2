package org.lethe.image.protect;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.bytedeco.javacpp.PointerScope;
import org.lethe.Check;
import org.lethe.Env;
import org.lethe.LetheException;
import org.lethe.Named;
import org.lethe.Printable;
import org.lethe.Progress;
import org.lethe.Tool;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageMetrics;
import org.lethe.image.OpenModel;
import org.lethe.image.PictureFiles;
import org.lethe.image.Pictures;
import org.lethe.image.Tiles;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.torch.Devices;

/**
 * Changes pictures, hardly to be seen, so that a text-to-image model cannot imitate them, and writes them to another folder.
 *
 * <p>Pictures are PNG or JPEG of any size; results are PNG of the same size and name with 8 bits, on which changes count, so that 16 bits are
 * rounded first. Transparent pixels lie on white. The model is a folder of Stable Diffusion 1 or 2 as the ecosystem has it, or a file that Lethe saved;
 * it should be the one that an imitator would begin with. It computes in 32 bits: Stable Diffusion takes 4 GB for its weights and
 * about 10 more for a part of 512 pixels, and on a processor some ten seconds for each step. glaze measures with distance: dssim here. What cannot be read is named, and the other
 * pictures go on.
 *
 * @param pictures folder of the pictures, or one picture; folders inside it are named and left out
 * @param model folder with model_index.json, or a .safetensors file saved by Lethe
 * @param method method with its settings, as in a study file: mist, or "{mist: {epsilon: 8}}"
 * @param prompt generic for the pictures: a painting, or a photo
 * @param masks folder with a picture of the same name and size for each: light where it may be changed, dark where it stays
 * @param tile largest side in pixels that the model sees at once; a larger picture is changed part by part. Without it, that of the pictures
 *     which the model was trained for, from 64 to 512
 * @param to folder for the results, new or empty
 */
@Named("image protect")
public record ProtectPictures(
        @Argument Path pictures,
        @Required Path model,
        Obfuscation method,
        String prompt,
        Optional<Path> masks,
        Optional<Integer> tile,
        @Required Path to)
        implements Tool<ProtectPictures.Result> {
    public ProtectPictures {
        Check.require(!prompt.isBlank(), "prompt", "\"" + prompt + "\"", "a few words, as a painting");
        tile.ifPresent(side -> Check.require(side >= 16 && side <= 10_000, "tile", side, "16 to 10,000"));
    }

    /** Mist for paintings, in parts that suit the model; the files are still to be named. */
    public ProtectPictures() {
        this(Path.of(""), Path.of(""), new Mist(), "a painting", Optional.empty(), Optional.empty(), Path.of(""));
    }

    /** The obfuscations. Those of a study have a gallery, on which a network learned to judge; here glaze judges by structure. */
    static List<Obfuscation> methods() {
        Glaze glaze = new Glaze();
        return List.of(
                new AdvDm(),
                new Mist(),
                new Glaze(
                        glaze.budget(),
                        glaze.weight(),
                        glaze.learningRate(),
                        glaze.steps(),
                        Glaze.Distance.DSSIM,
                        glaze.style(),
                        glaze.strength()),
                new PhotoGuard(),
                new AntiDreamBooth(),
                new RandomSigns());
    }

    @Override
    public List<?> entries() {
        return methods();
    }

    /**
     * One picture.
     *
     * @param file its name
     * @param width in pixels
     * @param height in pixels
     * @param psnr peak signal to noise in decibels; absent where nothing changed
     * @param ssim structural similarity; absent below 11 pixels
     * @param largest change of a value, in levels of 255
     * @param written file of the result
     */
    public record Row(
            String file,
            int width,
            int height,
            Optional<Double> psnr,
            Optional<Double> ssim,
            int largest,
            Path written) {}

    /**
     * How it went.
     *
     * @param method that was used
     * @param rows one for each picture that was protected
     * @param left files that were not
     */
    public record Result(String method, List<Row> rows, List<PictureFiles.Left> left) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int name = Math.max(
                    7,
                    rows.stream()
                            .mapToInt(r -> Printable.text(r.file).length())
                            .max()
                            .orElse(0));
            String line = "%-" + name + "s %12s %10s %8s %8s%n";
            out.printf(Locale.ROOT, "%s, %d pictures%n%n", method, rows.size());
            out.printf(Locale.ROOT, line, "picture", "size", "PSNR", "SSIM", "largest");
            for (Row row : rows) {
                out.printf(
                        Locale.ROOT,
                        line,
                        Printable.text(row.file),
                        row.width + " x " + row.height,
                        row.psnr.map(p -> String.format(Locale.ROOT, "%.2f", p)).orElse("unchanged"),
                        row.ssim.map(s -> String.format(Locale.ROOT, "%.4f", s)).orElse("-"),
                        row.largest);
            }
            PictureFiles.print(out, "not protected", left);
        }
    }

    /** A picture on its way. */
    private record Item(String name, Path result, Bitmap original, Optional<Bitmap> mask, Tiles tiles) {}

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        PictureFiles.requireNew(to);
        PictureFiles files = PictureFiles.of(pictures);
        Devices.ready(env.device());
        List<Row> rows = new ArrayList<>();
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("protect", files.count())) {
            LatentDiffusion open = latent(OpenModel.at(model, env.device()).model());
            PictureFiles.create(to);
            List<Item> together = new ArrayList<>();
            files.each(progress, read -> {
                Item item = item(read, open, files.result(to, read.name()));
                if (method.together()) {
                    together.add(item);
                } else {
                    long own = env.random("picture").of(item.name).at(0);
                    rows.addAll(written(open, List.of(item), files, env.with(own)));
                }
            });
            rows.addAll(written(open, together, files, env));
        }
        files.requireSome(!rows.isEmpty(), "protected");
        return new Result(Named.Of.name(method), List.copyOf(rows), files.left());
    }

    private LatentDiffusion latent(Diffusion open) {
        if (open instanceof LatentDiffusion latent) {
            return latent;
        }
        throw new LetheException(
                LetheException.Code.DATA,
                model
                        + " is no latent diffusion model and reads pictures of one size alone; expected a folder of Stable"
                        + " Diffusion or a latent-diffusion file saved by Lethe");
    }

    private Item item(PictureFiles.Read read, LatentDiffusion open, Path result) throws IOException {
        Bitmap original = read.bitmap();
        int largest = tile.orElseGet(() -> Math.clamp(open.size()[0], 64, 512));
        int factor = open.vae().config().factor();
        Tiles tiles = Tiles.of(original.width(), original.height(), largest, factor);
        return new Item(read.name(), result, original, mask(read.name(), original), tiles);
    }

    private Optional<Bitmap> mask(String name, Bitmap original) throws IOException {
        if (masks.isEmpty()) {
            return Optional.empty();
        }
        try {
            Bitmap mask = Pictures.read(masks.get().resolve(name));
            Check.require(
                    mask.width() == original.width() && mask.height() == original.height(),
                    "size of its mask",
                    mask.width() + " x " + mask.height(),
                    original.width() + " x " + original.height());
            return Optional.of(mask);
        } catch (NoSuchFileException _) {
            throw new LetheException(LetheException.Code.DATA, "has no mask in " + masks.get());
        }
    }

    /** Protects pictures as one task for each size of their parts, and writes them. */
    private List<Row> written(Diffusion open, List<Item> items, PictureFiles files, Env env) {
        Map<List<Integer>, List<Item>> bySize = new LinkedHashMap<>();
        for (Item item : items) {
            bySize.computeIfAbsent(List.of(item.tiles.wide(), item.tiles.high()), _ -> new ArrayList<>())
                    .add(item);
        }
        Map<String, Row> rows = new TreeMap<>();
        for (List<Item> some : bySize.values()) {
            List<Bitmap> parts = new ArrayList<>();
            List<Bitmap> light = new ArrayList<>();
            for (Item item : some) {
                parts.addAll(item.tiles.cut(item.original));
                item.mask.ifPresent(mask -> light.addAll(item.tiles.cut(mask)));
            }
            List<Bitmap> changed =
                    method.protect(open, new Obfuscation.Task(parts, prompt, List.of(), light, Optional.empty()), env);
            int at = 0;
            for (Item item : some) {
                int count = item.tiles.columns() * item.tiles.rows();
                Bitmap result = item.tiles.joined(changed.subList(at, at + count));
                at += count;
                files.write(item.result, result);
                rows.put(item.name, row(item, result));
            }
        }
        return List.copyOf(rows.values());
    }

    private static Row row(Item item, Bitmap result) {
        Bitmap original = item.original;
        int largest = 0;
        for (int i = 0; i < original.values().length; i++) {
            largest = Math.max(largest, Math.round(Math.abs(result.values()[i] - original.values()[i]) * 255));
        }
        boolean large = original.width() >= 11 && original.height() >= 11;
        return new Row(
                item.name,
                original.width(),
                original.height(),
                largest == 0 ? Optional.empty() : Optional.of(ImageMetrics.psnr(original, result)),
                large ? Optional.of(ImageMetrics.ssim(original, result)) : Optional.empty(),
                largest,
                item.result);
    }
}
