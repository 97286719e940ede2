import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code java Modes.java FOLDER NAME} gives files the mode 644, and folders 755, in the jars of a folder, and of folders in it,
 * whose names begin with NAME. Otherwise the jars of one commit differ between users: Maven copies the modes of a checkout,
 * and these depend on the umask.
 */
final class Modes {
    private static final int END = 0x06054b50; // end of the central directory: 22 bytes and a comment
    private static final int ENTRY = 0x02014b50; // an entry of it: 46 bytes, name, extra field, comment

    private Modes() {}

    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]);
        if (!Files.isDirectory(folder)) {
            return; // a module without jars
        }
        try (Stream<Path> files = Files.walk(folder, 2)) {
            List<Path> jars = files.filter(file -> isJar(file.getFileName().toString(), args[1]))
                    .toList();
            for (Path jar : jars) {
                byte[] bytes = Files.readAllBytes(jar);
                even(jar, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
                Files.write(jar, bytes);
            }
        }
    }

    private static boolean isJar(String name, String beginning) {
        return name.startsWith(beginning) && name.endsWith(".jar");
    }

    private static void even(Path jar, ByteBuffer zip) throws IOException {
        int end = zip.limit() - 22;
        while (end >= 0 && zip.getInt(end) != END) {
            end--;
        }
        if (end < 0) {
            throw new IOException(jar + " is not a jar: it has no central directory");
        }
        int at = zip.getInt(end + 16);
        for (int n = Short.toUnsignedInt(zip.getShort(end + 10)); n > 0; n--) {
            if (zip.getInt(at) != ENTRY) {
                throw new IOException(jar + " has no entry at byte " + at);
            }
            int name = Short.toUnsignedInt(zip.getShort(at + 28));
            boolean folder = zip.get(at + 46 + name - 1) == '/';
            zip.putInt(at + 38, folder ? 0040755 << 16 | 0x10 : 0100644 << 16);
            at += 46 + name + Short.toUnsignedInt(zip.getShort(at + 30)) + Short.toUnsignedInt(zip.getShort(at + 32));
        }
    }
}
