package org.lethe.image.attack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.ImageModel;
import org.lethe.image.PictureFiles;
import org.lethe.image.Pictures;
import org.lethe.image.model.GaussianWeights;

class AttackPicturesTest {
    @TempDir
    private Path folder;

    private Path works() throws IOException {
        Path works = Files.createDirectory(folder.resolve("works"));
        Pictures.write(works.resolve("one.png"), Painted.smooth(1, 30, 21));
        Pictures.write(works.resolve("two.png"), Painted.constant(128, 128, 128, 6, 6));
        Files.writeString(works.resolve("note.txt"), "no picture");
        return works;
    }

    @Test
    void picturesAreAttackedOneByOneAndOthersAreNamed() throws IOException {
        Path to = folder.resolve("attacked");
        AttackPictures.Result result =
                new AttackPictures(works(), new Jpeg(), Optional.empty(), Optional.empty(), to).run(Painted.ENV);
        assertEquals(
                List.of("one.png", "two.png"),
                result.rows().stream().map(AttackPictures.Row::file).toList());
        assertEquals(
                List.of("note.txt"),
                result.left().stream().map(PictureFiles.Left::file).toList());
        assertTrue(result.rows().getFirst().psnr().orElseThrow() < 60);
        assertEquals(Optional.empty(), result.rows().getLast().psnr(), "grey stays grey");
        Bitmap expected = Painted.attacked(new Jpeg(), Painted.smooth(1, 30, 21));
        assertEquals(0, Painted.largest(expected, Pictures.read(to.resolve("one.png"))));
    }

    /** A name with a line end could forge a row. */
    @Test
    void aNameStaysOnItsLine() throws IOException {
        Path works = works();
        Pictures.write(works.resolve("a\nb.png"), Painted.smooth(1, 12, 12));
        AttackPictures.Result result = new AttackPictures(
                        works, new Jpeg(), Optional.empty(), Optional.empty(), folder.resolve("to"))
                .run(Painted.ENV);
        StringWriter text = new StringWriter();
        PrintWriter out = new PrintWriter(text);
        result.print(out);
        out.flush();
        assertTrue(text.toString().contains("a\\u000ab.png "), text.toString());
    }

    @Test
    void aModelOfLetheServesThoseThatNeedOne() throws IOException {
        Path works = Files.createDirectory(folder.resolve("grey"));
        Pictures.write(works.resolve("one.png"), Painted.smooth(2, 8, 8));
        Path model = folder.resolve("model.safetensors");
        ImageModel.of(new GaussianWeights(Map.of("", new float[192]), 8, 8, 0.5))
                .save(model, Map.of());
        VaeRegeneration attack = new VaeRegeneration(0, VaeRegeneration.Autoencoder.PUBLIC, new Removal());
        AttackPictures.Result result = new AttackPictures(
                        works, attack, Optional.of(model), Optional.empty(), folder.resolve("to"))
                .run(Painted.ENV);
        assertEquals(Optional.empty(), result.rows().getFirst().psnr(), "an exact autoencoder changes nothing");
    }

    @Test
    void mistakesAreNamed() throws IOException {
        Path works = works();
        assertEquals(
                "--model is missing: vae-regeneration needs a folder of Stable Diffusion or a file saved by Lethe",
                assertThrows(
                                LetheException.class,
                                () -> new AttackPictures(
                                                works,
                                                new VaeRegeneration(),
                                                Optional.empty(),
                                                Optional.empty(),
                                                folder.resolve("to"))
                                        .run(Painted.ENV))
                        .getMessage());
        assertEquals(
                "--to is " + works + ", which is not empty; expected a new folder",
                assertThrows(
                                LetheException.class,
                                () -> new AttackPictures(works, new Jpeg(), Optional.empty(), Optional.empty(), works)
                                        .run(Painted.ENV))
                        .getMessage());
    }
}
