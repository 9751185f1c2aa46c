"""The tables of the store, as the steps that made them: `PRAGMA user_version` counts those a file has taken.

Never edit a step that has been released: append.
"""

from typing import Final

APPLICATION_ID: Final = 0x61736E62
"""In the header of each file of ours: "asnb"."""

MIGRATIONS: Final = (
    """
    CREATE TABLE object (
        seq     INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of creation
        id      TEXT NOT NULL UNIQUE,
        kind    TEXT NOT NULL,                      -- as in the "object" key
        parent  TEXT REFERENCES object (id) ON DELETE CASCADE,
        run_id  TEXT,                               -- of a message: the run that wrote it
        active  INTEGER NOT NULL,                   -- a run that has not ended, a message being written
        body    TEXT NOT NULL                       -- JSON
    );
    CREATE INDEX object_by_parent ON object (parent, kind, seq);
    CREATE INDEX object_by_run ON object (run_id, seq) WHERE run_id IS NOT NULL;
    CREATE INDEX object_active ON object (kind, parent) WHERE active;

    CREATE TABLE journal (
        run_id  TEXT NOT NULL REFERENCES object (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        n       INTEGER NOT NULL,
        at      INTEGER NOT NULL,
        event   TEXT NOT NULL,
        id      TEXT NOT NULL,
        data    TEXT NOT NULL,
        PRIMARY KEY (run_id, n)
    ) WITHOUT ROWID;

    CREATE TABLE counter (
        scope   TEXT NOT NULL,
        name    TEXT NOT NULL,
        n       INTEGER NOT NULL,
        PRIMARY KEY (scope, name)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE object ADD COLUMN
        file_id TEXT REFERENCES object (id) ON DELETE CASCADE;  -- of a file in a vector store: the file itself
    CREATE INDEX object_by_file ON object (file_id) WHERE file_id IS NOT NULL;

    CREATE TABLE chunk (
        n       INTEGER PRIMARY KEY AUTOINCREMENT,  -- order in the file
        object  TEXT NOT NULL REFERENCES object (id) ON DELETE CASCADE,
        text    TEXT NOT NULL
    );
    CREATE INDEX chunk_by_object ON chunk (object, n);
    CREATE VIRTUAL TABLE chunk_words USING fts5 (
        text, content = 'chunk', content_rowid = 'n', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER chunk_added AFTER INSERT ON chunk BEGIN
        INSERT INTO chunk_words (rowid, text) VALUES (new.n, new.text);
    END;
    CREATE TRIGGER chunk_removed AFTER DELETE ON chunk BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, text) VALUES ('delete', old.n, old.text);
    END;
    """,
    """
    CREATE TABLE gone (                             -- where in its list a deleted object was
        id      TEXT PRIMARY KEY,
        seq     INTEGER NOT NULL,
        kind    TEXT NOT NULL,
        parent  TEXT
    ) WITHOUT ROWID;
    CREATE TRIGGER object_gone AFTER DELETE ON object BEGIN
        INSERT OR REPLACE INTO gone VALUES (old.id, old.seq, old.kind, old.parent);
    END;
    """,
    """
    DROP TRIGGER chunk_added;
    DROP TRIGGER chunk_removed;
    DROP TABLE chunk_words;
    ALTER TABLE chunk ADD COLUMN start INTEGER NOT NULL DEFAULT 0;  -- in the text of the file, in bytes
    ALTER TABLE chunk ADD COLUMN words TEXT;                        -- what is looked at instead of the text
    ALTER TABLE chunk ADD COLUMN length INTEGER NOT NULL DEFAULT 0; -- in characters
    UPDATE chunk SET length = length(text);
    DROP INDEX chunk_by_object;
    CREATE INDEX chunk_by_object ON chunk (object, n, length);
    CREATE VIEW chunk_indexed AS SELECT n, coalesce(words, text) AS words FROM chunk;
    CREATE VIRTUAL TABLE chunk_words USING fts5 (
        words, content = 'chunk_indexed', content_rowid = 'n', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE chunk_terms USING fts5vocab (chunk_words, instance);
    INSERT INTO chunk_words (chunk_words) VALUES ('rebuild');
    CREATE TRIGGER chunk_added AFTER INSERT ON chunk BEGIN
        INSERT INTO chunk_words (rowid, words) VALUES (new.n, coalesce(new.words, new.text));
    END;
    CREATE TRIGGER chunk_removed AFTER DELETE ON chunk BEGIN
        INSERT INTO chunk_words (chunk_words, rowid, words) VALUES ('delete', old.n, coalesce(old.words, old.text));
    END;
    """,
    """
    CREATE TABLE chunk_vector (
        model   TEXT NOT NULL,                      -- which one has made it
        n       INTEGER NOT NULL REFERENCES chunk (n) ON DELETE CASCADE,
        vector  BLOB NOT NULL,                      -- 32-bit floats, of length 1
        PRIMARY KEY (model, n)
    ) WITHOUT ROWID;
    CREATE INDEX chunk_vector_by_chunk ON chunk_vector (n);
    """,
    """
    ALTER TABLE journal ADD COLUMN follows INTEGER NOT NULL DEFAULT 0;  -- the same transition as the entry before
    CREATE TABLE fork (
        run_id  TEXT PRIMARY KEY REFERENCES object (id) ON DELETE CASCADE,
        parent  TEXT NOT NULL,                      -- a run; it may be gone
        n       INTEGER NOT NULL,                   -- the last entry that both share
        edit    TEXT NOT NULL                       -- JSON
    ) WITHOUT ROWID;
    CREATE INDEX fork_by_parent ON fork (parent);
    """,
    """
    DROP TABLE chunk_vector;
    """,
    """
    CREATE TABLE prompt_text (                      -- what prompts on a thread are made of, see prompt_texts.py
        thread_id TEXT NOT NULL REFERENCES object (id) ON DELETE CASCADE,
        n         INTEGER NOT NULL,
        text      TEXT NOT NULL,                    -- JSON
        PRIMARY KEY (thread_id, n)
    ) WITHOUT ROWID;
    """,
)
QUERY_TABLES: Final = """
    CREATE VIRTUAL TABLE temp.query_words USING fts5 (
        words, content = '', tokenize = 'porter unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE temp.query_terms USING fts5vocab (temp, query_words, row);
"""
"""Words go in, and the terms that they have in the index come out."""
