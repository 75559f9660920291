package headgate;

import io.delta.storage.HDFSLogStore;
import java.io.BufferedOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.CopyOption;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Iterator;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of tables in folders: a version that is there is never replaced, whoever wrote it.
 *
 * <p>Delta's own store looks and then renames, and a rename takes the place of what came in between. A link is made or
 * refused by the file system in one step, and shows the whole file at once.
 *
 * <p>Janino compiles this, which does not know type arguments: hence the casts and the arrays.
 */
public class LinkLogStore extends HDFSLogStore {
    private static final Logger LOG = LoggerFactory.getLogger(LinkLogStore.class);

    public LinkLogStore(Configuration hadoopConf) {
        super(hadoopConf);
    }

    @Override
    public void write(Path path, Iterator<String> actions, Boolean overwrite, Configuration hadoopConf)
            throws IOException {
        if (overwrite.booleanValue()) {
            super.write(path, actions, overwrite, hadoopConf);
            return;
        }
        java.nio.file.Path target = new File(path.toUri().getPath()).toPath();
        if (Files.exists(target, new LinkOption[0])) {
            throw new FileAlreadyExistsException(target.toString());
        }
        if (!Files.isDirectory(target.getParent(), new LinkOption[0])) {
            throw new FileNotFoundException(target.getParent().toString());
        }
        java.nio.file.Path draft = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            writeDraft(draft, actions, hadoopConf);
            // A sum that is left of a version which was taken away would make this one unreadable.
            Files.deleteIfExists(target.resolveSibling("." + target.getFileName() + ".crc"));
            publish(target, draft);
        } finally {
            try {
                Files.deleteIfExists(draft);
            } catch (IOException left) {
                LOG.warn("The draft " + draft + " stays behind", left);
            }
        }
    }

    /** Whole and on the disk before it has a name that counts: after a power cut no version is empty. */
    private static void writeDraft(java.nio.file.Path draft, Iterator<String> actions, Configuration hadoopConf)
            throws IOException {
        OpenOption[] options = new OpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
        FileChannel channel = FileChannel.open(draft, options);
        try {
            OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel));
            while (actions.hasNext()) {
                out.write(((String) actions.next()).getBytes(StandardCharsets.UTF_8));
                out.write('\n');
            }
            out.flush();
            allowAsHadoopDoes(draft, hadoopConf);
            channel.force(true);
        } finally {
            channel.close();
        }
    }

    /** Who may read the data files may read the log: they follow this mask, not that of the process. */
    private static void allowAsHadoopDoes(java.nio.file.Path draft, Configuration hadoopConf) throws IOException {
        FsPermission allowed = FsPermission.getFileDefault().applyUMask(FsPermission.getUMask(hadoopConf));
        try {
            Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString(allowed.toString()));
        } catch (UnsupportedOperationException notHere) {
            LOG.debug("No permissions on this file system", notHere);
        }
    }

    private void publish(java.nio.file.Path target, java.nio.file.Path draft) throws IOException {
        try {
            link(target, draft);
        } catch (FileAlreadyExistsException taken) {
            // A file server may make the link, lose its answer, and refuse the same request when it comes again.
            if (!Files.exists(target, new LinkOption[0]) || !Files.isSameFile(target, draft)) {
                throw taken;
            }
        } catch (FileSystemException refused) {
            claim(target, draft, refused);
        } catch (UnsupportedOperationException unknown) {
            claim(target, draft, unknown);
        }
    }

    /** For tests, which have no file system without links. */
    protected void link(java.nio.file.Path target, java.nio.file.Path draft) throws IOException {
        Files.createLink(target, draft);
    }

    /**
     * Without links: an empty file takes the name, which the file system gives once, and the draft takes the place of the
     * empty file. Who dies in between leaves a version without content, never one less.
     */
    private static void claim(java.nio.file.Path target, java.nio.file.Path draft, Exception why) throws IOException {
        Files.createFile(target, new FileAttribute[0]);
        LOG.error("No links on the file system of " + target + " (" + why + "): a crash may leave an empty version");
        try {
            Files.move(draft, target, new CopyOption[] {StandardCopyOption.ATOMIC_MOVE});
        } catch (IOException failed) {
            Files.deleteIfExists(target);
            throw failed;
        }
    }
}
