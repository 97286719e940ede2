package org.lethe.image.attack;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
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
import org.lethe.image.Tiles;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.torch.Devices;

/**
 * Attacks pictures as somebody would who wants to strip a protection or a watermark from them, and writes them to another folder.
 *
 * <p>Pictures are PNG or JPEG of any size; results are PNG of the same size and name. jpeg, quantisation, total-variation, brightness,
 * rotation, crop and blur need no model. impress, diffpure, vae-regeneration and diffusion-regeneration do: a folder of Stable Diffusion 1 or 2
 * as the ecosystem has it, or a file that Lethe saved. Such a model sees a picture in parts that fade into each other, continued by its edge
 * to a size that it can halve.
 * As there is one model alone, these are impress with distance: pixel, diffpure with space: latent and vae-regeneration with autoencoder:
 * public. What cannot be read is named, and the other pictures go on.
 *
 * @param pictures folder of the pictures, or one picture; folders inside it are named and left out
 * @param attack attack with its settings, as in a study file: jpeg, or "{jpeg: {quality: 50}}"
 * @param model folder with model_index.json, or a .safetensors file saved by Lethe
 * @param tile largest side in pixels that such a model sees at once. Without it, twice that of the pictures which the model was trained for,
 *     from 64 to 1,024
 * @param to folder for the results, new or empty
 */
@Named("image attack")
public record AttackPictures(
        @Argument Path pictures,
        PictureAttack attack,
        Optional<Path> model,
        Optional<Integer> tile,
        @Required Path to) implements Tool<AttackPictures.Result> {
    public AttackPictures {
        tile.ifPresent(side -> Check.require(side >= 64 && side <= 10_000, "tile", side, "64 to 10,000"));
    }

    /** JPEG; the folders are still to be named. */
    public AttackPictures() {
        this(Path.of(""), new Jpeg(), Optional.empty(), Optional.empty(), Path.of(""));
    }

    /** The attacks on pictures, with the forms of those that need a model which make do with one. */
    static List<PictureAttack> attacks() {
        Impress impress = new Impress();
        DiffPure diffPure = new DiffPure();
        VaeRegeneration vae = new VaeRegeneration();
        return List.of(
                new Jpeg(),
                new Quantisation(),
                new TotalVariation(),
                new Impress(
                        impress.steps(),
                        impress.learningRate(),
                        impress.weight(),
                        impress.tolerance(),
                        impress.noise(),
                        Impress.Distance.PIXEL,
                        impress.imitation()),
                new DiffPure(
                        DiffPure.Space.LATENT,
                        diffPure.level(),
                        diffPure.rounds(),
                        diffPure.guided(),
                        diffPure.imitation()),
                new Brightness(),
                new Rotation(),
                new Crop(),
                new Blur(),
                new VaeRegeneration(vae.step(), VaeRegeneration.Autoencoder.PUBLIC, vae.removal()),
                new DiffusionRegeneration());
    }

    @Override
    public List<?> entries() {
        return attacks();
    }

    /**
     * One picture.
     *
     * @param file its name
     * @param width in pixels
     * @param height in pixels
     * @param psnr peak signal to noise in decibels, to the picture before; absent where nothing changed
     * @param ssim structural similarity; absent below 11 pixels
     * @param written file of the result
     */
    public record Row(String file, int width, int height, Optional<Double> psnr, Optional<Double> ssim, Path written) {}

    /**
     * How it went.
     *
     * @param attack that was used
     * @param rows one for each picture that was attacked
     * @param left files that were not
     */
    public record Result(String attack, List<Row> rows, List<PictureFiles.Left> left) implements Tool.Result {
        @Override
        public void print(PrintWriter out) {
            int name = Math.max(
                    7,
                    rows.stream()
                            .mapToInt(r -> Printable.text(r.file).length())
                            .max()
                            .orElse(0));
            String line = "%-" + name + "s %12s %10s %8s%n";
            out.printf(Locale.ROOT, "%s, %d pictures%n%n", attack, rows.size());
            out.printf(Locale.ROOT, line, "picture", "size", "PSNR", "SSIM");
            for (Row row : rows) {
                out.printf(
                        Locale.ROOT,
                        line,
                        Printable.text(row.file),
                        row.width + " x " + row.height,
                        row.psnr.map(p -> String.format(Locale.ROOT, "%.2f", p)).orElse("unchanged"),
                        row.ssim.map(s -> String.format(Locale.ROOT, "%.4f", s)).orElse("-"));
            }
            PictureFiles.print(out, "not attacked", left);
        }
    }

    @Override
    public Set<Need> needs() {
        return Set.of(Need.SEED, Need.DEVICE);
    }

    @Override
    public Result run(Env env) throws IOException {
        PictureFiles.requireNew(to);
        PictureFiles files = PictureFiles.of(pictures);
        if (attack.readsModel() && model.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.STUDY,
                    "--model is missing: " + Named.Of.name(attack)
                            + " needs a folder of Stable Diffusion or a file saved by Lethe");
        }
        List<Row> rows = new ArrayList<>();
        Devices.ready(env.device());
        try (var _ = new PointerScope();
                Progress.Step progress = env.progress().begin("attack", files.count())) {
            Tools tools = attack.readsModel() && model.isPresent()
                    ? new Tools(OpenModel.at(model.get(), env.device()).model())
                    : Tools.none();
            PictureFiles.create(to);
            files.each(progress, read -> rows.add(row(read, files, tools, env)));
        }
        files.requireSome(!rows.isEmpty(), "attacked");
        return new Result(Named.Of.name(attack), List.copyOf(rows), files.left());
    }

    private Row row(PictureFiles.Read read, PictureFiles files, Tools tools, Env env) {
        Path result = files.result(to, read.name());
        Bitmap before = read.bitmap();
        long own = env.random("picture").of(read.name()).at(0);
        Bitmap after = attacked(before, tools, env.with(own));
        files.write(result, after);
        double psnr = ImageMetrics.psnr(before, after);
        boolean large = before.width() >= 11 && before.height() >= 11;
        return new Row(
                read.name(),
                before.width(),
                before.height(),
                Double.isFinite(psnr) ? Optional.of(psnr) : Optional.empty(),
                large ? Optional.of(ImageMetrics.ssim(before, after)) : Optional.empty(),
                result);
    }

    /** Sides of a picture that the autoencoder and all levels of the denoiser can halve. */
    private static int unit(LatentDiffusion model) {
        return model.vae().config().factor() << (model.unet().config().widths().size() - 1);
    }

    /** A picture whole, or part by part where a model reads it that was trained for smaller ones. */
    private Bitmap attacked(Bitmap before, Tools tools, Env env) {
        if (!attack.readsModel() || !(tools.model() instanceof LatentDiffusion latent)) {
            return attack.attack(List.of(before), tools, env).getFirst();
        }
        int largest = tile.orElseGet(() -> Math.clamp(2L * latent.size()[0], 64, 1024));
        Tiles tiles = Tiles.of(before.width(), before.height(), largest, largest / 8, unit(latent));
        List<Bitmap> parts = tiles.cut(before);
        List<Bitmap> changed = new ArrayList<>();
        try (Progress.Step progress = env.progress().begin(Named.Of.name(attack), parts.size())) {
            for (Bitmap part : parts) {
                Env own = parts.size() == 1
                        ? env
                        : env.with(env.random("part").of(changed.size()).at(0));
                changed.addAll(attack.attack(List.of(part), tools, own));
                progress.advance(1);
            }
        }
        Bitmap joined = tiles.joined(changed);
        return Bitmap.of(joined.bytes(), joined.width(), joined.height());
    }
}
