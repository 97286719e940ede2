package org.lethe.image.protect;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.lethe.LetheException;
import org.lethe.image.Bitmap;
import org.lethe.image.Pictures;

/** Pictures of a folder by the name of their file, on 8-bit levels. */
final class PictureFiles {
    private PictureFiles() {}

    /** The PNG and JPEG files of a folder in the order of their names, or one file. */
    static Map<String, Bitmap> read(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new LetheException(
                    LetheException.Code.DATA, path + " is not there, expected a picture or a folder of them");
        }
        List<Path> files = List.of(path);
        if (Files.isDirectory(path)) {
            try (Stream<Path> inside = Files.list(path)) {
                files = inside.filter(PictureFiles::picture).sorted().toList();
            }
        }
        Map<String, Bitmap> pictures = new TreeMap<>();
        for (Path file : files) {
            Bitmap read = Pictures.read(file);
            pictures.put(name(file), Bitmap.of(read.bytes(), read.width(), read.height()));
        }
        if (pictures.isEmpty()) {
            throw new LetheException(
                    LetheException.Code.DATA, path + " has no pictures, expected files in PNG or JPEG");
        }
        return pictures;
    }

    private static boolean picture(Path file) {
        String name = name(file).toLowerCase(Locale.ROOT);
        return Files.isRegularFile(file)
                && !name.startsWith(".")
                && (name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg"));
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    /** The name of a picture's PNG file. */
    static String png(String name) {
        int dot = name.lastIndexOf('.');
        return (dot < 1 ? name : name.substring(0, dot)) + ".png";
    }

    /** Refuses a folder that has something in it. */
    static void requireNew(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        if (!Files.isDirectory(folder)) {
            throw new LetheException(
                    LetheException.Code.STUDY, "--to is " + folder + ", which is a file; expected a new folder");
        }
        try (Stream<Path> there = Files.list(folder)) {
            if (there.findAny().isPresent()) {
                throw new LetheException(
                        LetheException.Code.STUDY, "--to is " + folder + ", which is not empty; expected a new folder");
            }
        }
    }
}
