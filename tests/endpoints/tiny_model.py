"""Writes a model for llama.cpp that needs no download: `python tiny_model.py FILE.gguf`. Half a megabyte, and gibberish.

One layer of the Llama architecture with random weights. Its tokens are the 256 bytes, so that it can say, and a grammar
can make it say, anything. Needs `gguf` and `numpy`.
"""

import sys

import gguf
import numpy as np

WIDTH, HEADS, INNER, CONTEXT, SEED = 96, 6, 256, 4096, 20260826
CONTROL = ["<unk>", "<s>", "</s>"]
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPACE = ["\u2581"]
TEMPLATE = "{% for message in messages %}[{{ message.role }}] {{ message.content }}\n{% endfor %}[assistant] "


def tokens(writer: gguf.GGUFWriter) -> None:
    kinds = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    kinds += [gguf.TokenType.BYTE] * len(BYTES) + [gguf.TokenType.NORMAL]
    words = [*CONTROL, *BYTES, *SPACE]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(words)
    writer.add_token_scores([0.0] * len(words))
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_vocab_size(len(words))
    writer.add_chat_template(TEMPLATE)


def shape(writer: gguf.GGUFWriter) -> None:
    writer.add_block_count(1)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_file_type(0)  # 32-bit floats


def weights(writer: gguf.GGUFWriter) -> None:
    random, vocabulary, block = np.random.default_rng(SEED), len(CONTROL + BYTES + SPACE), "blk.0."
    sizes = {
        "token_embd": (vocabulary, WIDTH),
        "output": (vocabulary, WIDTH),
        **{f"{block}attn_{part}": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")},
        f"{block}ffn_gate": (INNER, WIDTH),
        f"{block}ffn_up": (INNER, WIDTH),
        f"{block}ffn_down": (WIDTH, INNER),
    }
    for name, size in sizes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.2, size).astype(np.float32))
    for name in ("output_norm", f"{block}attn_norm", f"{block}ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))


def main(path: str) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    for part in (shape, tokens, weights):
        part(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(sys.argv[1])
