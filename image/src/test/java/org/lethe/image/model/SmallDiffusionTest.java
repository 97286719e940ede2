package org.lethe.image.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.DataFolders;
import org.lethe.Device;
import org.lethe.Env;
import org.lethe.image.Bitmap;
import org.lethe.image.Gallery;
import org.lethe.image.Guard;
import org.lethe.image.ImageModel;
import org.lethe.image.Sampler;
import org.lethe.image.Work;
import org.lethe.image.data.PlantedPictures;
import org.lethe.image.diffusion.AutoencoderKl;
import org.lethe.image.diffusion.Diffusion;
import org.lethe.image.diffusion.LatentDiffusion;
import org.lethe.numerics.Keyed;
import org.lethe.torch.Tensors;

final class SmallDiffusionTest {
    private static final Gallery SMALL = new PlantedPictures(8, 3, 3, 1, "shaded", 1).load(new DataFolders(List.of()));
    private static final SmallDiffusion QUICK = new SmallDiffusion(30, 30, 8, 2e-3, 16, 16, 2, 16, 0.1, 0.9);
    private static final ImageModel MODEL = QUICK.train(SMALL, Env.seeded(1));

    @Test
    void trainingIsAFunctionOfDataAndSeed() {
        ImageModel again = QUICK.train(SMALL, Env.seeded(1));
        ImageModel other = QUICK.train(SMALL, Env.seeded(2));
        for (Diffusion.Part part : Diffusion.Part.values()) {
            weights(MODEL, part)
                    .forEach((name, values) -> assertArrayEquals(
                            values, weights(again, part).getOrDefault(name, new float[0]), part + " " + name));
        }
        assertNotEquals(
                weights(MODEL, Diffusion.Part.DENOISER).getOrDefault("conv_in.weight", new float[1])[0],
                weights(other, Diffusion.Part.DENOISER).getOrDefault("conv_in.weight", new float[1])[0]);
    }

    private static Map<String, float[]> weights(ImageModel model, Diffusion.Part part) {
        try (var _ = new PointerScope()) {
            Map<String, float[]> weights = new HashMap<>();
            model.open(Device.CPU)
                    .parameters(part)
                    .all()
                    .forEach((name, t) -> weights.put(name, Tensors.floats(t.detach())));
            return weights;
        }
    }

    /** Had a work of the style apart, or one that is not for training, been looked at, then the model would be another. */
    @Test
    void onlyTrainingWorksOfKnownStylesAreLearned() {
        List<Work> blank = SMALL.works().stream()
                .map(w -> w.part() == Work.Part.TRAINING && !w.style().equals("shaded")
                        ? w
                        : w.with(new Bitmap(8, 8, new float[192])))
                .toList();
        ImageModel same = QUICK.train(new Gallery("planted-pictures", blank, "shaded"), Env.seeded(1));
        for (Diffusion.Part part : Diffusion.Part.values()) {
            weights(MODEL, part)
                    .forEach((name, values) -> assertArrayEquals(
                            values, weights(same, part).getOrDefault(name, new float[0]), part + " " + name));
        }
    }

    @Test
    void latentsOfTrainingWorksHaveMeanZeroAndDeviationOne() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            Tensor latents = MODEL.open(Device.CPU)
                    .encode(Sampler.batch(SMALL.known(Work.Part.TRAINING).stream()
                            .map(Work::picture)
                            .toList()));
            assertArrayEquals(new long[] {latents.size(0), 4, 4, 4}, latents.shape());
            for (int c = 0; c < 4; c++) {
                assertEquals(0, latents.narrow(1, c, 1).mean().item_double(), 1e-4);
            }
            assertEquals(1, latents.square().mean().sqrt().item_double(), 1e-4);
        }
    }

    @Test
    void movingTheOriginOfTheLatentsChangesNoPicture() {
        try (var _ = new PointerScope();
                var _ = new NoGradGuard()) {
            AutoencoderKl vae = new AutoencoderKl(
                    AutoencoderKl.Config.parse(Shapes.autoencoder(16, 1, 8, 1), "vae"), Device.CPU, ScalarType.Float);
            InitialWeights.draw(vae.layers().parameters(), Keyed.seed(4), Env.seeded(4));
            List<Bitmap> pictures =
                    SMALL.works().stream().limit(6).map(Work::picture).toList();
            Tensor latents = AutoencoderTraining.latents(vae, pictures);
            Tensor before = vae.decode(latents);
            AutoencoderTraining.centre(vae, latents);
            Tensor after = vae.decode(AutoencoderTraining.latents(vae, pictures));
            assertTrue(latents.mean().abs().item_double() > 1e-3, "there was something to move");
            assertEquals(0, before.sub(after).abs().max().item_double(), 1e-4);
        }
    }

    @Test
    void itKnowsTheWordsOfAllPromptsAndReadsThemToTheEnd() {
        try (var _ = new PointerScope()) {
            LatentDiffusion model = (LatentDiffusion) MODEL.open(Device.CPU);
            for (Work work : SMALL.works()) {
                int[] ids = model.tokenizer().ids(work.prompt());
                assertEquals(8, ids.length);
                assertTrue(ids.length + 2 <= model.text().config().positions());
                for (int id : ids) {
                    assertTrue(id < model.tokenizer().start(), work.prompt());
                }
            }
            assertTrue(model.tokenizer().ids("sks")[0] < model.tokenizer().start());
            assertEquals(model.tokenizer().end(), model.tokenizer().ids("hippopotamus")[0]);
        }
    }

    @Test
    void aSavedModelPaintsTheSamePictures(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        MODEL.save(file, Map.of());
        List<Bitmap> one = painted(MODEL);
        List<Bitmap> other = painted(ImageModel.load(file));
        assertArrayEquals(one.getFirst().values(), other.getFirst().values());
    }

    private static List<Bitmap> painted(ImageModel model) {
        try (var _ = new PointerScope()) {
            return new Sampler(4, 2)
                    .pictures(
                            model.open(Device.CPU),
                            new Guard.None(),
                            List.of("a red circle in the style of flat"),
                            8,
                            8,
                            Keyed.seed(1));
        }
    }

    @Test
    void settingsAndSizesThatDoNotFitAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SmallDiffusion(1, 1, 1, 1e-3, 12, 32, 2, 64, 0.1, 0.9));
        assertThrows(IllegalArgumentException.class, () -> new SmallDiffusion(1, 1, 1, 1e-3, 16, 24, 2, 64, 0.1, 0.9));
        SmallDiffusion deep = new SmallDiffusion(1, 1, 1, 1e-3, 16, 16, 4, 16, 0.1, 0.9);
        String message = assertThrows(IllegalArgumentException.class, () -> deep.train(SMALL, Env.seeded(1)))
                .getMessage();
        assertEquals("size of the works is 8 x 8, expected multiples of 16, as the model halves them 4 times", message);
    }
}
