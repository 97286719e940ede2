package org.lethe.image.attack;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.lethe.Case;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.Finding;
import org.lethe.Named;
import org.lethe.Workers;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Work;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.ClipText;
import org.lethe.image.diffusion.ClipTokenizer;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.image.diffusion.NoiseSchedule;
import org.lethe.image.diffusion.UNet;
import org.lethe.image.model.Gaussian;
import org.lethe.image.model.GaussianWeights;
import org.lethe.image.model.LatentWeights;
import org.lethe.image.protect.EraseConcept;
import org.lethe.image.protect.Sanitisation;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Initial;

/** A gallery of three styles whose works are noise around a mean, models of it, and two erasers. */
final class Erased {
    static final int SIDE = 12;
    static final List<String> CAPTIONS =
            IntStream.range(0, 12).mapToObj(n -> "thing" + (char) ('a' + n)).toList();
    static final List<String> STYLES = List.of("dots", "flat", "ink");

    /** Small settings, of which the attacks work on the exact model. */
    static final Protocol PROTOCOL = new Protocol(8, true, 12, 5, 2, 0.5);

    private Erased() {}

    static Gallery gallery() {
        return gallery(List.of(Work.Part.values()));
    }

    static Gallery gallery(List<Work.Part> parts) {
        List<Work> works = new ArrayList<>();
        Keyed key = Keyed.seed(5);
        for (String style : STYLES) {
            float[] mean = new float[3 * SIDE * SIDE];
            for (int i = 0; i < mean.length; i++) {
                mean[i] = (float) (0.3 + 0.4 * Keyed.unit(key.of(style).at(i)));
            }
            for (Work.Part part : parts) {
                for (String caption : CAPTIONS) {
                    String id = style + "-" + part + "-" + caption;
                    float[] values = mean.clone();
                    for (int i = 0; i < values.length; i++) {
                        values[i] += (float) (0.1 * (Keyed.unit(key.of(id).at(i)) - 0.5));
                    }
                    works.add(new Work(id, new Bitmap(SIDE, SIDE, values), caption, style, "", part));
                }
            }
        }
        return new Gallery("noise", works, "");
    }

    static ImageModel gaussian(Gallery gallery) {
        return new Gaussian(0.1).train(gallery, Env.seeded(1));
    }

    static Recovering.Target target(Gallery gallery, ImageModel model, Protocol protocol) {
        return new Recovering.Target("dots", gallery.of("dots", Work.Part.VALIDATION), CAPTIONS, model, protocol);
    }

    static Case<Gallery, ImageModel> doingNothing(Gallery gallery) {
        ImageModel model = gaussian(gallery);
        return new Case<>(gallery, new EraseConcept(), model, model, model);
    }

    static Case<Gallery, ImageModel> erased(Gallery gallery, Sanitisation method) {
        ImageModel before = gaussian(gallery);
        EraseConcept request = new EraseConcept();
        ImageModel after = method.erase(before, Sanitisation.concept(request, gallery), Env.seeded(1));
        return new Case<>(gallery, request, before, after, before);
    }

    static Finding named(List<Finding> findings, String name) {
        return findings.stream()
                .filter(f -> f.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name + " is not among " + findings));
    }

    /** The concept's prompts mean another style: what ablating a concept aims at. */
    @Named("other-mean")
    record OtherMean() implements Sanitisation {
        @Override
        public ImageModel erase(ImageModel model, Concept concept, Env env) {
            GaussianWeights own = (GaussianWeights) model.weights();
            Map<String, float[]> means = new LinkedHashMap<>(own.means());
            means.put(
                    " in the style of dots",
                    Optional.ofNullable(means.get(" in the style of flat")).orElseThrow());
            return ImageModel.of(new GaussianWeights(means, own.height(), own.width(), own.deviation()));
        }
    }

    /** Guidance away from the concept. */
    @Named("guarded")
    record Guarded() implements Sanitisation {
        @Override
        public ImageModel erase(ImageModel model, Concept concept, Env env) {
            return model.with(new Guard.Avoid(concept.concept()));
        }
    }

    /** A latent diffusion of random weights that knows the words of the gallery, 8 x 8 latents of 16 x 16 pictures. */
    static LatentDiffusion latent(long seed) {
        List<String> words = words();
        ClipTokenizer tokenizer = ClipTokenizer.ofWords(words);
        LatentDiffusion made = new LatentDiffusion(
                new ClipText(ClipText.Config.parse(text(), "text"), Device.CPU, ScalarType.Float),
                new UNet(UNet.Config.parse(UNET, "unet"), Device.CPU, ScalarType.Float),
                new AutoencoderKl(AutoencoderKl.Config.parse(VAE, "vae"), Device.CPU, ScalarType.Float),
                tokenizer,
                tokenizer.end(),
                new NoiseSchedule(),
                NoiseSchedule.Prediction.NOISE);
        for (Diffusion.Part part : Diffusion.Part.values()) {
            made.parameters(part)
                    .draw(
                            Keyed.seed(seed).of(part.name()),
                            (name, tensor) -> Optional.of(
                                    name.contains("norm") && name.endsWith("weight")
                                            ? Initial.constant(1)
                                            : Initial.normal(0, 0.2)),
                            Workers.here());
        }
        return made;
    }

    /** The same as a value. */
    static ImageModel latentModel(long seed) {
        try (var _ = new PointerScope()) {
            return ImageModel.of(new LatentWeights(UNET, VAE, text(), words(), Map.of()).of(latent(seed)));
        }
    }

    static List<String> words() {
        List<String> words = new ArrayList<>(List.of("a", "painting", "in", "the", "style", "of"));
        words.addAll(STYLES);
        words.addAll(CAPTIONS);
        return words;
    }

    private static String text() {
        int size = words().size();
        return "{\"vocab_size\": " + (size + 2) + ", \"hidden_size\": 16, \"intermediate_size\": 32,"
                + " \"num_hidden_layers\": 1, \"num_attention_heads\": 2, \"max_position_embeddings\": 10,"
                + " \"eos_token_id\": " + (size + 1) + "}";
    }

    private static final String UNET = """
            {"in_channels": 4, "out_channels": 4, "block_out_channels": [8, 16], "layers_per_block": 1,
             "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
             "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
             "cross_attention_dim": 16, "attention_head_dim": 2, "norm_num_groups": 4, "sample_size": 8}""";

    private static final String VAE = """
            {"latent_channels": 4, "block_out_channels": [8, 8], "layers_per_block": 1, "norm_num_groups": 4,
             "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"],
             "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"]}""";
}
