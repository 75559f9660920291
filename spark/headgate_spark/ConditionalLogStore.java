package headgate;

import io.delta.storage.S3SingleDriverLogStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The log of tables on S3: a version that is there is never replaced, whoever wrote it.
 *
 * <p>Delta's own store looks and then puts, under a lock of its own JVM: another driver's version, come in between, is
 * replaced. Here S3 itself refuses the put of a name that is taken (If-None-Match), which S3A asks for since Hadoop 3.4.2.
 *
 * <p>Janino compiles this, which does not know type arguments: hence the casts.
 */
public class ConditionalLogStore extends S3SingleDriverLogStore {
    /** Demanded, not wished for: a file system that does not know it refuses, and nothing is written. */
    private static final String CONDITIONAL = "fs.option.create.conditional.overwrite";

    private static final int LOOKS = 5;
    private static final long LOOK_PAUSE_MS = 100L;

    public ConditionalLogStore(Configuration hadoopConf) {
        super(hadoopConf);
    }

    @Override
    public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf)
            throws IOException {
        if (overwrite.booleanValue()) {
            super.write(path, actions, overwrite, hadoopConf);
            return;
        }
        FileSystem files = path.getFileSystem(hadoopConf);
        if (files.exists(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        if (!isThere(files, path.getParent())) {
            throw new FileNotFoundException(path.getParent().toString());
        }
        MessageDigest written = sha256();
        FSDataOutputStream out =
                (FSDataOutputStream) files.createFile(path).create().must(CONDITIONAL, true).build();
        try {
            while (actions.hasNext()) {
                byte[] line = (((String) actions.next()) + "\n").getBytes(StandardCharsets.UTF_8);
                written.update(line);
                out.write(line);
            }
        } catch (Throwable failed) {
            // To close it would give the name to a part of the version.
            out.abort();
            throw failed;
        }
        try {
            out.close();
        } catch (IOException refused) {
            settle(files, path, written.digest(), refused);
        }
    }

    /** A folder is what a listing finds under it, and some servers' listings pass over everything while a key is being written. */
    private static boolean isThere(FileSystem files, Path folder) throws IOException {
        for (int looks = 1; !files.exists(folder); looks++) {
            if (looks == LOOKS) {
                return false;
            }
            try {
                Thread.sleep(LOOK_PAUSE_MS);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException(folder.toString());
            }
        }
        return true;
    }

    /** A put may be done, lose its answer, and be refused when it comes again: what lies there tells whose it is. */
    private void settle(FileSystem files, Path path, byte[] written, IOException refused) throws IOException {
        if (!files.exists(path)) {
            throw refused;
        }
        if (!Arrays.equals(written, digestOf(files, path))) {
            FileAlreadyExistsException taken = new FileAlreadyExistsException(path.toString());
            taken.initCause(refused);
            throw taken;
        }
    }

    private static byte[] digestOf(FileSystem files, Path path) throws IOException {
        MessageDigest found = sha256();
        InputStream in = files.open(path);
        try {
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                found.update(buffer, 0, read);
            }
        } finally {
            in.close();
        }
        return found.digest();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
